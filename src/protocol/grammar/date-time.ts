// RFC 3339 5.6
//   date-time      = full-date "T" full-time
//   full-date      = date-fullyear "-" date-month "-" date-mday
//   full-time      = partial-time time-offset
//   partial-time   = time-hour ":" time-minute ":" time-second [time-secfrac]
//   time-secfrac   = "." 1*DIGIT
//   time-offset    = "Z" / time-numoffset
//   time-numoffset = ("+" / "-") time-hour ":" time-minute
const DATE_TIME =
  /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(\.\d{1,9})?(?:Z|([+-])([01]\d|2[0-3]):([0-5]\d))$/i;

/** Returns the time of a date-time, in milliseconds since the epoch, rounded down; null if it is malformed. */
export function parseDateTime(text: string): number | null {
  const match = DATE_TIME.exec(text);
  if (match === null) return null;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number);
  // A leap second stands at the end of a minute (RFC 3339 5.7), and is taken for the second after it.
  if (hour > 23 || minute > 59 || second > 60) return null;
  // The years 0 to 99 would be taken for 1900 to 1999.
  const midnight = new Date(0).setUTCFullYear(year, month - 1, day);
  const date = new Date(midnight);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return null;
  const [, , , , , , , fraction = '0', sign = '+', hours = '0', minutes = '0'] = match;
  const offset = (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -1 : 1);
  const seconds = (hour * 60 + minute - offset) * 60 + second;
  return midnight + seconds * 1000 + Math.floor(Number(fraction) * 1000);
}

/** A time as a date-time in UTC, to the second below. */
export function formatDateTime(time: number): string {
  return new Date(time).toISOString().replace(/\.\d+Z$/, 'Z');
}
