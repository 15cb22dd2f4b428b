/**
 * `npm run conformance [-- NAME...]`: every capture beside the project against what tshark found in it.
 * Prints differences one by one and ends with the share of messages that agree.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { compareHttp1 } from '../test/conformance/http1.ts';

const folder = fileURLToPath(new URL('../../shared/pcaps', import.meta.url));
const knownFile = new URL('../test/conformance/http1-known-differences.json', import.meta.url);
/** The share of messages that must agree, known mistakes of tshark left out. */
const requiredShare = 0.995;

interface Known {
  readonly capture: string;
  /** `stream/n/side`, or `*` for all of the capture. */
  readonly message: string;
  readonly reason: string;
}

if (!existsSync(folder)) {
  console.log(`No captures at ${folder}: nothing to compare.`);
  process.exit(0);
}
const known = JSON.parse(readFileSync(knownFile, 'utf8')) as Known[];
const wanted = process.argv.slice(2);
let messages = 0;
let agreeing = 0;
let excused = 0;
let captures = 0;
for (const file of readdirSync(folder).sort()) {
  if (!/\.(pcap|pcapng|cap|trace|gz)$/.test(file)) continue;
  if (wanted.length > 0 && !wanted.some((name) => file.includes(name))) continue;
  const result = await compareHttp1(folder, file);
  if (result === undefined) continue;
  captures++;
  messages += result.messages;
  agreeing += result.agreeing;
  for (const { message, what } of result.differences) {
    const excuse = known.find(
      (one) => file.includes(one.capture) && (one.message === '*' || one.message === message),
    );
    if (excuse !== undefined) excused++;
    console.log(`${excuse === undefined ? 'differs' : 'known'}  ${file}  ${message}  ${what}`);
  }
  if (wanted.length > 0) for (const extra of result.extra) console.log(`extra  ${file}  ${extra}`);
}
const counted = messages - excused;
const share = agreeing / counted;
console.log(
  `HTTP/1: ${agreeing} of ${counted} messages agree (${(share * 100).toFixed(2)} %) in ${captures} captures;` +
    ` ${excused} more differ where tshark is wrong.`,
);
process.exit(share >= requiredShare ? 0 : 1);
