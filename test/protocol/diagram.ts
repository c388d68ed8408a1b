// The state diagram of docs/states.md, generated from the transition table:
//
//     npx tsc -b && UPDATE=1 npx vitest run test/protocol/states.test.ts
import { TRANSITIONS } from '../../src/protocol/state/transitions.js';

/** A description of each phase, for readers. */
const MEANING: Readonly<Record<keyof typeof TRANSITIONS, string>> = {
  connecting: 'before the greeting: the server decides whether to take the client',
  rejected:
    'turned away at the door (RFC 5321 3.1), or not secure enough (RFC 3207 4.1); only QUIT is obeyed',
  greeted: 'greeted, or fresh out of a TLS handshake; no hello yet',
  ready: 'between messages',
  authenticating: 'inside the exchange of AUTH',
  mail: 'MAIL was accepted, no recipient yet',
  rcpt: 'at least one recipient was accepted',
  data: 'the content is coming, up to CRLF.CRLF and the verdict on it',
  chunk: 'a chunk of the content is coming, by BDAT (RFC 3030), or what a refused BDAT declared',
  chunked: 'between two chunks of a message',
  discarding: 'what a BDAT outside of a transaction declared is coming, and is dropped',
  unsolicited: 'content is coming after a refused DATA; it is read to its end and refused',
  securing: 'STARTTLS was accepted; the handshake is on',
  closed: 'nothing more is read',
};

/** The page. */
export function statesPage(): string {
  const phases = Object.entries(TRANSITIONS);
  const arrows = phases.flatMap(([from, rows]) =>
    Object.entries(rows)
      .filter(([transition]) => transition !== 'closed')
      .flatMap(([transition, { to }]) => [to].flat().map((to) => `    ${from} --> ${to}: ${transition}`)),
  );
  return `# The states of a session

Generated from the table in \`src/protocol/state/transitions.ts\`; a test compares the two. Every phase but
\`closed\` also has an arrow \`closed\` to that one (QUIT, a 421, the end of the connection), left out here.

\`\`\`mermaid
stateDiagram-v2
    [*] --> connecting
${arrows.join('\n')}
    closed --> [*]
\`\`\`

| phase | what it is |
| --- | --- |
${phases.map(([phase]) => `| ${phase} | ${MEANING[phase as keyof typeof TRANSITIONS]} |`).join('\n')}
`;
}
