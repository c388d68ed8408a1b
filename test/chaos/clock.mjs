// Loaded into a node before its own code: its clock is off by what the file CHAOS_CLOCK says, in milliseconds. The
// monotonic clock is not, as on a machine whose clock is set. All else is the server as it ships.
import { readFileSync } from 'node:fs';

const file = process.env['CHAOS_CLOCK'];
if (file !== undefined) {
  const RealDate = Date;
  const now = RealDate.now.bind(RealDate);
  let ahead = 0;
  const read = () => {
    try {
      ahead = Number(readFileSync(file, 'latin1'));
    } catch {
      // The file is being written.
    }
  };
  read();
  setInterval(read, 50).unref();
  globalThis.Date = class Date extends RealDate {
    constructor(...values) {
      if (values.length === 0) super(now() + ahead);
      else super(...values);
    }
    static now() {
      return now() + ahead;
    }
  };
}
