/** Dates in the language of the person's browser. Pure, but for the clock. */

const LANGUAGES = navigator.languages;
const DAY = new Intl.DateTimeFormat(LANGUAGES, { dateStyle: "long" });
const MOMENT = new Intl.DateTimeFormat(LANGUAGES, { dateStyle: "medium", timeStyle: "short" });
const AGO = new Intl.RelativeTimeFormat(LANGUAGES, { numeric: "auto" });
const UNITS = [["second", 60], ["minute", 60], ["hour", 24], ["day", 7]];

/** "3 November 2026", "3. November 2026" */
export function day(instant) {
  return DAY.format(new Date(instant));
}

/** Within a week "2 hours ago", then the date and time. */
export function sinceOrMoment(instant, now = Date.now()) {
  let past = Math.max(0, Math.round((now - Date.parse(instant)) / 1000));
  for (const [unit, limit] of UNITS) {
    if (past < limit) return AGO.format(-past, unit);
    past = Math.floor(past / limit);
  }
  return MOMENT.format(new Date(instant));
}

/** Fills a <time>: what is seen, the machine's form, the exact moment as a tip, and its language. */
export function fillTime(element, instant, text) {
  element.dateTime = instant;
  element.textContent = text;
  element.title = MOMENT.format(new Date(instant));
  element.lang = DAY.resolvedOptions().locale;
}

/** "Last used: 2 hours ago". The colon keeps apart two languages that may differ. */
export function labelledTime(label, instant, text) {
  const whole = document.createElement("span");
  const time = document.createElement("time");
  fillTime(time, instant, text);
  whole.append(`${label} `, time);
  return whole;
}
