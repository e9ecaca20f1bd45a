import type { KeepForView } from "@/api/generated/KeepForView";
import type { MonthDayView } from "@/api/generated/MonthDayView";
import type { Messages } from "../messages";

const number = (count: number) => count.toLocaleString("ja-JP");
const short = ["月", "火", "水", "木", "金", "土", "日"];
const long = short.map((day) => `${day}曜日`);
const months = Array.from({ length: 12 }, (_, index) => `${index + 1}月`);

function daysText(days: readonly number[]): string {
  const sorted = [...days].sort((a, b) => a - b);
  if (sorted.length === 7) return "毎日";
  if (sorted.join() === "0,1,2,3,4") return "平日";
  if (sorted.length === 0) return "曜日なし";
  return `毎週${sorted.map((day) => short[day]).join("・")}`;
}

function monthDay(on: MonthDayView): string {
  switch (on.day) {
    case "date": return `${on.date}日`;
    case "last": return "末日";
    case "last-working-day": return "最終平日";
    case "nth": return `第${on.nth}${long[on.weekday] ?? ""}`;
    case "last-of": return `最終${long[on.weekday] ?? ""}`;
  }
}

const every = (minutes: number) => (minutes % 60 === 0 ? `${minutes / 60}時間` : `${minutes}分`);
const units = { days: "日", weeks: "週", months: "か月", years: "年" } as const;

export const schedules: Messages["schedules"] = {
  short,
  long,
  months,
  week: (days, at) => `${daysText(days)} ${at}`,
  month: (on, at) => `毎月${monthDay(on)} ${at}`,
  year: (month, on, at) => `毎年${months[month - 1] ?? ""}${monthDay(on)} ${at}`,
  every: (minutes, hours) => `${hours ? "許可した時間帯に" : ""}${every(minutes)}ごと`,
  after: (job, onlySuccess) => (onlySuccess ? `「${job}」が正常に終わった後` : `「${job}」が終わった後`),
  everyShort: every,
  keep: (keep: KeepForView): string => (keep.unit === "forever" ? "無期限" : `${number(keep.count)}${units[keep.unit]}`),
  spans: (parts) => [parts.last > 0 ? `最新${parts.last}個` : "", parts.daily > 0 ? `${parts.daily}日` : "", parts.weekly > 0 ? `${parts.weekly}週` : "", parts.monthly > 0 ? `${parts.monthly}か月` : "", parts.yearly > 0 ? `${parts.yearly}年` : ""].filter(Boolean).join("・"),
  spansShort: (parts) => [parts.last > 0 ? `最新${parts.last}` : "", parts.daily > 0 ? `${parts.daily}日` : "", parts.weekly > 0 ? `${parts.weekly}週` : "", parts.monthly > 0 ? `${parts.monthly}か月` : "", parts.yearly > 0 ? `${parts.yearly}年` : ""].filter(Boolean).join("・"),
  and: (parts) => parts.join("、"),
};

export const jobs: Messages["jobs"] = {
  title: "ジョブ",
  fact: (count) => `${number(count)}件`,
  table: "ジョブ（危険度順）",
  newJob: "新しいジョブ",
  find: "ジョブを検索",
  colJob: "名前",
  colWhen: "実行時期",
  colGoes: "保存先",
  colNext: "次回",
  colLast: "前回の結果",
  colLength: "所要時間",
  colMenu: "操作",
  emptyTitle: "ジョブはまだありません。",
  emptyText: "ジョブは、決めた時刻に VM を自動で保存します。",
  emptyAction: "ジョブを作成",
  noMatch: (text) => `「${text}」というジョブはありません。`,

  allWell: (count) => (count === 1 ? "ジョブは順調です。" : `${number(count)}件のジョブはすべて順調です。`),
  someWell: (well, all, worst, word) => `${number(all)}件のうち${number(well)}件のジョブが順調です。「${worst}」：${word}。`,
  nextIs: (job, when) => `次は ${job}、${when}です。`,
  nextNone: "自動で動くジョブはありません。",
  unreadable: (names) => `このバージョンでは ${names} を読み取れません。実行されません。`,
  uncovered: (count) => `どのジョブにもない VM ${number(count)}台`,
  uncoveredMore: (names, more) => (more === 0 ? names : `${names} ほか${number(more)}台`),
  protectThem: "新しいジョブに入れる",

  states: { failed: "失敗", missed: "未実行", late: "遅れ", warned: "保存済み（警告あり）", running: "実行中", stopped: "停止", soon: "まもなく", paused: "一時停止", ok: "保護済み", byHand: "手動のみ", placeGone: "保存先が不明" },
  vms: (count) => `VM ${number(count)}台`,
  noSchedule: "手動で実行したとき",
  more: (count) => `ほか${number(count)}件`,
  then: (job) => `続いて「${job}」`,
  placeGone: "登録なし",
  pausedUntil: (when) => `${when} まで`,
  pausedOpen: "再開するまで",
  never: "まだ実行なし",
  saved: "保存済み",
  cutOff: "中断",
  usually: (length) => `通常 ${length}`,
  steady: "安定",
  firstLength: "実行回数わずか",
  lengths: (lengths) => `最近の実行：${lengths}`,

  menu: (job) => `${job} の操作`,
  run: "実行…",
  pause: "一時停止…",
  pauseTomorrow: (when) => `明日 ${when} まで`,
  pauseMonday: (when) => `月曜日 ${when} まで`,
  pauseWeek: "1週間",
  pauseOpen: "再開するまで",
  resume: "再開",
  edit: "編集",
  duplicate: "複製",
  command: "コマンドを表示",
  remove: "ジョブを削除（復旧ポイントは残す）",
  copyName: (job) => `${job} のコピー`,
  paused: (job) => `「${job}」を一時停止しました。`,
  resumed: (job) => `「${job}」を再開しました。`,
  deleted: (job) => `「${job}」を削除しました。`,
  deleteTitle: (job) => `「${job}」を削除しますか。`,
  deleteText: "今後は実行されません。復旧ポイントは残り、自動では削除されなくなります。",
  deleteFollowed: (jobs) => `${jobs} はこのジョブに続いて動くため、自動では始まらなくなります。`,
  deleteYes: "ジョブを削除",

  commandTitle: "コマンドラインで同じことをする",
  commandCopy: "コピー",
  commandCopied: "コマンドをコピーしました。",
  commandUnsaid: (what) => `コマンドラインでは指定できないもの：${what}。既定値になります。`,
  unsaid: { hours: "許可する時間帯", from: "開始日", retry: "失敗後の再試行", catchUp: "遅れた実行の取り戻し", rpo: "1時間単位でない目標" },

  runTitle: (job) => `「${job}」を実行`,
  runLast: (when) => `前回 ${when}`,
  runWhich: "対象の VM",
  runFailed: "前回失敗したものだけ",
  runFailedRest: (failed, others) => (others === 0 ? failed : `${failed}。残り${number(others)}台は正常に終わっています。`),
  runAll: (count) => (count === 1 ? "この VM" : `VM ${number(count)}台すべて`),
  runChosen: "選択",
  runChosenText: "1台ずつ選びます",
  runWell: (what, place) => `${what} を今すぐ ${place} に保存します。`,
  runAbout: (length) => `通常 ${length}かかります。`,
  runKept: "保持期間はジョブの設定に従います。次回以降の実行は予定どおりです。",
  runNothing: "VM を1台以上選択してください。",
  runReading: "対象の VM を調べています…",
  runNow: "今すぐ実行",
};
