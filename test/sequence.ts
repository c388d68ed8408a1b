import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const project = join(import.meta.dirname, '..');

/**
 * The files and folders whose tests take longest, for most of it since they wait for servers, databases and browsers. On a
 * machine with two cores each of these files takes 30 s to 200 s, and most others a few seconds.
 */
const LONG = [
  'test/e2e/crash-culprit.test.ts',
  'test/e2e/crash-in-flight.test.ts',
  'test/e2e/crash-webhook.test.ts',
  'test/api/every-route',
  'test/dashboard/accessibility.test.ts',
  'test/e2e',
  'test/durability',
  'test/dashboard',
  'test/store/versions.test.ts',
  'test/cli',
];

/** Starts the files that take longest first, so that none of them runs alone at the end. The others come as by default. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    for (const path of LONG) {
      if (!existsSync(join(project, path))) throw new Error(`test/sequence.ts: there is no ${path}`);
    }
    const sorted = await super.sort(files);
    const rank = ({ moduleId }: TestSpecification): number => {
      const place = LONG.findIndex((path) => moduleId.startsWith(join(project, path)));
      return place < 0 ? LONG.length : place;
    };
    return sorted.sort((a, b) => rank(a) - rank(b));
  }
}
