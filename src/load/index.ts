/** The load generator and the sink. */
export { RunFailed } from './failure.js';
export { INTERVAL, type Plan, type Target } from './plan.js';
export { type Progress, runPlan, type RunOptions } from './run.js';
export { type Report, REPORT_FORMAT } from './report.js';
export { reportText } from './report-text.js';
export { LARGEST_MESSAGE, type SizeShare } from './sizes.js';
export { type RunningSink, startSink } from './sink-pool.js';
export { type SinkCounts, type SinkListener, type SinkPlan } from './sink-plan.js';
export { parseTarget, type Resolved, resolveHost, TARGET_FORM } from './target.js';
