// What it costs to read content: the decoder over pieces of 64 KiB, as a socket gives them, with each scan.
//
//     npm run build && node bench/micro/content.mjs
import { Bench } from 'tinybench';
import { ContentDecoder, PortableScan } from '../../dist/protocol/index.js';
import { fastestScan, NodeScan } from '../../dist/server/platform/scan.js';

const PIECE = 65_536;
const pieceOf = (line) => Buffer.from(line.repeat(Math.ceil(PIECE / line.length)).slice(0, PIECE), 'latin1');

const contents = {
  'lines of 76': pieceOf(`${'x'.repeat(76)}\r\n`),
  'lines of 2': pieceOf('xx\r\n'),
  'dot lines of 76': pieceOf(`..${'x'.repeat(74)}\r\n`),
  'dot lines of 2': pieceOf('..\r\n'),
};

const bench = new Bench({ time: 300, warmupTime: 100 });
for (const [name, octets] of Object.entries(contents)) {
  for (const scan of [new PortableScan(), new NodeScan(), fastestScan()]) {
    bench.add(`${name}, ${scan.constructor.name}`, () => {
      const decoder = new ContentDecoder('reject', scan);
      while (decoder.next(octets, decoder.position) !== 'more');
    });
  }
}
await bench.run();
console.table(
  bench.tasks.map(({ name, result }) => ({
    content: name,
    'MB/s': Math.round(PIECE / 1000 / result.latency.p50),
  })),
);
