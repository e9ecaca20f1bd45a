import type { Messages } from "../messages";

export const alarms: Messages["alarms"] = {
  title: "アラーム",
  weights: { red: "今すぐ対応", amber: "早めに確認" },
  kinds: { late: "遅れ", missed: "未取得", "never-saved": "未保存", "unusual-change": "通常と異なる変更", history: "履歴の矛盾", "old-snapshot": "古いスナップショット", clock: "時計" },
  look: (subject) => `${subject} を確認`,
  release: "解除…",
  releaseYes: "アラームを解除",
  released: "解除しました。",
  endsItself: "原因がなくなると自動で終わります。",
  askChange: (vm) => `${vm} の変更が意図したものである場合のみ解除してください。解除後は、保護中のものも含め、規則による削除が再開します。`,
  askHistory: "リポジトリが正しい状態である場合のみ解除してください。解除後は、規則による削除が再開します。",
  unread: (why) => `アラームは不明：${why}`,
};
