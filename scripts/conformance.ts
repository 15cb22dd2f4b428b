/**
 * `npm run conformance [-- NAME...]`: every capture beside the project, or those whose names contain one
 * of the words, against what tshark and others found in it. Prints differences one by one and ends with
 * the share of messages that agree, a line per protocol.
 */
import { existsSync } from 'node:fs';
import { comparables } from '../test/conformance/all.ts';
import { capturesFolder, compareAllHttp1 } from '../test/conformance/http1-all.ts';
import { compareAllHttp2 } from '../test/conformance/http2.ts';
import { compareLines } from '../test/conformance/messages.ts';

/** The share of messages that must agree, known mistakes of the truth left out. */
const requiredShare = 0.995;

interface Result {
  readonly captures: number;
  readonly messages: number;
  readonly agreeing: number;
  readonly excused?: number;
  readonly differences: readonly {
    readonly file: string;
    readonly message: string;
    readonly what: string;
    readonly reason?: string | undefined;
  }[];
  readonly extra?: readonly string[];
}

if (!existsSync(capturesFolder)) {
  console.log(`No captures at ${capturesFolder}: nothing to compare.`);
  process.exit(0);
}
const names = process.argv.slice(2);
const results: (readonly [title: string, result: Result])[] = [
  ['HTTP/1', await compareAllHttp1(names)],
  ['HTTP/2', await compareAllHttp2(names)],
];
for (const protocol of comparables) {
  results.push([protocol.title, await compareLines(protocol, names)]);
}
for (const [title, { differences, extra = [] }] of results) {
  for (const { file, message, what, reason } of differences) {
    console.log(
      `${reason === undefined ? 'differs' : 'known'}  ${title}  ${file}  ${message}  ${what}`,
    );
    if (reason !== undefined) console.log(`       ${reason}`);
  }
  if (names.length > 0) for (const line of extra) console.log(`extra  ${title}  ${line}`);
}
let isGood = true;
for (const [title, { captures, messages, agreeing, excused = 0 }] of results) {
  const counted = messages - excused;
  const share = counted === 0 ? 1 : agreeing / counted;
  if (share < requiredShare) isGood = false;
  console.log(
    `${title}: ${agreeing} of ${counted} messages agree (${(share * 100).toFixed(2)} %) in` +
      ` ${captures} captures; ${excused} more differ where the truth is wrong or by choice.`,
  );
}
process.exit(isGood ? 0 : 1);
