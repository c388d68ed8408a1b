import type { Reporter, TestCase, TestModule } from 'vitest/node';

/**
 * Prints each test that failed and passed when it was run again, with the errors of the failed run, and each file whose
 * process ended before its tests did.
 *
 * CI runs a failed test a second time, since hundreds of tests share its machine's two cores with servers, browsers
 * and databases. A test that needs this is a fault of the test or of the product: the lines here say which.
 */
export class FlakyTests implements Reporter {
  readonly #found: TestCase[] = [];

  onTestCaseResult(test: TestCase): void {
    if (test.diagnostic()?.flaky === true) this.#found.push(test);
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    // vitest says that a worker exited, but not in which file.
    for (const module of modules) {
      if (module.state() !== 'pending' && module.state() !== 'queued') continue;
      console.log(`\nUNFINISHED ${module.relativeModuleId}: its process ended before these tests`);
      for (const test of module.children.allTests('pending')) console.log(`  ${test.fullName}`);
    }
    for (const test of this.#found) {
      console.log(`\nFLAKY ${test.module.relativeModuleId} > ${test.fullName}: passed when it was run again`);
      for (const error of test.result().errors ?? []) console.log(error.stack ?? error.message);
    }
  }
}
