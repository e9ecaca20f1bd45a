import type { Messages } from "../messages";

const number = (count: number) => count.toLocaleString("ja-JP");

export const common: Messages["common"] = {
  back: "戻る",
  cancel: "キャンセル",
  close: "閉じる",
  tryAgain: "もう一度試す",
  details: "詳細",
  copyText: "テキストとしてコピー",
  copied: "コピーしました。",
  notNow: "今はしない",
  unknown: "不明",
  of: (done, total, unit) => `${done} / ${total} ${unit}`,
  disks: (count) => `ディスク ${number(count)}台`,
  free: (free, total) => `空き ${free} / ${total}`,
  noMatch: (text) => `「${text}」に一致するものはありません。`,
  seenAt: (clock) => `${clock} 時点の内容です。`,
  reading: "読み込んでいます…",
  readingLong: "いつもより時間がかかっています。ほかの画面で作業を続けられます。",
};

export const shell: Messages["shell"] = {
  nav: "メイン",
  home: "ホーム",
  inventory: "インベントリ",
  jobs: "ジョブ",
  calendar: "カレンダー",
  restore: "復元",
  storage: "保存先",
  activity: "履歴",
  settings: "設定",
  engineReady: "エンジン\n待機中",
  engineRunning: (count) => `${number(count)}件実行中`,
  recovering: "後片付け中",
  recoveringFact: "前回は途中で終了しました。Kuramori が作成したスナップショットを取り除いています。",
  notices: "お知らせ",
  needs: (count) => `対応が必要なもの${number(count)}件`,
  restoreButton: "復元",
  skip: "本文へ移動",
  notFoundTitle: "この場所には何もありません。",
  notFoundText: "実行または VM がなくなった可能性があります。",
  notFoundAction: "ホームへ",
  language: "言語",
};

export const failure: Messages["failure"] = {
  what: "起きたこと",
  risk: "データへの影響",
  doThis: "対処",
  screenTitle: "この画面は動作を停止しました。",
  screenRisk: "ありません。止まったのはこのウィンドウだけで、実行は続いています。",
  screenWhy: "Kuramori の不具合です。場所は詳細に示します。",
  unexpectedTitle: "Kuramori の不具合により、処理できませんでした。",
  unexpectedRisk: "ありません。既存の復旧ポイントはそのままです。",
  bringBack: "ホームへ",
};
