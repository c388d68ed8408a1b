/** The load generator and the sink. */
export { RunFailed } from './generator/failure.js';
export { INTERVAL, type Plan, type Target, type User } from './generator/plan.js';
export { type Progress, runPlan, type RunOptions } from './generator/run.js';
export { type Report, REPORT_FORMAT } from './report/report.js';
export { reportText } from './report/text.js';
export type { Schedule, Stage } from './generator/schedule.js';
export { findRate, type RateRun } from './generator/find-rate.js';
export { LARGEST_MESSAGE, type SizeShare } from './generator/sizes.js';
export { type RunningSink, startSink } from './sink/pool.js';
export { type SinkCounts, type SinkListener, type SinkPlan } from './sink/plan.js';
export { parseTarget, type Resolved, resolveHost, TARGET_FORM } from './generator/target.js';
export { timelineCsv } from './report/csv.js';
export { junitXml } from './report/junit.js';
export { type Judged, judge, judgedText, parseThresholds, type Threshold } from './report/thresholds.js';
