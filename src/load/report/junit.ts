import { loadOf } from './text.js';
import { type Judged, judgedText } from './thresholds.js';
import type { Report } from './report.js';

/**
 * Returns the result as JUnit XML, which build servers show: one test case for each threshold, and one that fails if no
 * message was accepted.
 */
export function junitXml(report: Report, judged: readonly Judged[]): string {
  const accepted = report.messages.accepted + report.warmup.accepted;
  const cases = [
    testCase('messages were accepted', accepted > 0 ? null : 'no message was accepted'),
    ...judged.map((result) =>
      testCase(`not ${result.threshold.text}`, result.failed ? judgedText(result) : null),
    ),
  ];
  const failures = cases.filter(({ failed }) => failed).length;
  const name = escaped(`postern bench ${report.target}`);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="${name}" tests="${cases.length}" failures="${failures}" time="${report.seconds.toFixed(3)}">`,
    `  <testsuite name="${name}" tests="${cases.length}" failures="${failures}" timestamp="${report.startedAt}" time="${report.seconds.toFixed(3)}">`,
    `    <properties><property name="load" value="${escaped(loadOf(report))}"/></properties>`,
    ...cases.map(({ xml }) => `    ${xml}`),
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

function testCase(name: string, failure: string | null): { readonly xml: string; readonly failed: boolean } {
  const open = `<testcase name="${escaped(name)}" classname="postern.bench"`;
  if (failure === null) return { xml: `${open}/>`, failed: false };
  return { xml: `${open}><failure message="${escaped(failure)}"/></testcase>`, failed: true };
}

function escaped(text: string): string {
  // XML 1.0 has no way to write most controls.
  // eslint-disable-next-line no-control-regex
  const plain = text.replace(/[\u0000-\u001f\u007f-\u009f\ufffe\uffff]/g, ' ');
  return plain.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
