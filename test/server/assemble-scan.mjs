// Assembles src/server/platform/scan.wat into scan-module.ts beside it: `npm run scan`.
import { readFileSync, writeFileSync } from 'node:fs';
import wabt from 'wabt';

const source = new URL('../../src/server/platform/scan.wat', import.meta.url);
const target = new URL('../../src/server/platform/scan-module.ts', import.meta.url);

/** The text of scan-module.ts. */
export async function assembled() {
  const text = readFileSync(source, 'utf8');
  const module = (await wabt()).parseWat('scan.wat', text, { simd: true });
  module.validate();
  const octets = Buffer.from(module.toBinary({}).buffer).toString('base64');
  const lines = octets.match(/.{1,100}/g).map((line) => `  '${line}',\n`);
  return `// Made from scan.wat by \`npm run scan\`: change that.

/** The WebAssembly module of scan.wat, in base64. */
export const SCAN_MODULE = [
${lines.join('')}].join('');
`;
}

if (process.argv[1] === import.meta.filename) writeFileSync(target, await assembled());
