/**
 * `npm run conformance [-- NAME...]`: every capture beside the project against what tshark found in it.
 * Prints differences one by one and ends with the share of messages that agree.
 */
import { existsSync } from 'node:fs';
import { capturesFolder, compareAllHttp1 } from '../test/conformance/http1-all.ts';

/** The share of messages that must agree, known mistakes of tshark left out. */
const requiredShare = 0.995;

if (!existsSync(capturesFolder)) {
  console.log(`No captures at ${capturesFolder}: nothing to compare.`);
  process.exit(0);
}
const names = process.argv.slice(2);
const result = await compareAllHttp1(names);
for (const { file, message, what, reason } of result.differences) {
  console.log(`${reason === undefined ? 'differs' : 'known'}  ${file}  ${message}  ${what}`);
}
if (names.length > 0) for (const extra of result.extra) console.log(`extra  ${extra}`);
const counted = result.messages - result.excused;
const share = result.agreeing / counted;
console.log(
  `HTTP/1: ${result.agreeing} of ${counted} messages agree (${(share * 100).toFixed(2)} %) in` +
    ` ${result.captures} captures; ${result.excused} more differ where tshark is wrong.`,
);
process.exit(share >= requiredShare ? 0 : 1);
