/** The library that draws the charts, as text that a page can hold. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

// uPlot asks for numbers in the reader's language, and so draws nothing where a browser was started with a locale such as
// POSIX and calls its language "en-US@posix".
const KNOWN_LANGUAGE = `try { new Intl.NumberFormat(navigator.language); }
catch { Object.defineProperty(navigator, 'language', { value: 'en' }); }
`;

/** Style sheet and script. The script makes `uPlot` known to those behind it. */
export async function charting(): Promise<{ readonly style: string; readonly script: string }> {
  const [style, script] = await Promise.all([asset('uPlot.min.css'), asset('uPlot.iife.min.js')]);
  return { style, script: KNOWN_LANGUAGE + script };
}

function asset(name: string): Promise<string> {
  // Found as an import would find it, wherever packages are.
  return readFile(createRequire(import.meta.url).resolve(`uplot/dist/${name}`), 'utf8');
}
