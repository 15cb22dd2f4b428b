import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseDuration } from '../../units.ts';
import type { CliContext } from '../context.ts';

const defaultRate = 8;
const maxRate = 500;

function parseRate(text: string): number {
  const rate = Number(text);
  if (rate > 0 && rate <= maxRate) return rate;
  throw new InvalidArgumentError(`Expected a number above 0, at most ${maxRate}.`);
}

function parseTime(text: string): number {
  const time = parseDuration(text);
  if (time !== undefined && time > 0) return time;
  throw new InvalidArgumentError('Expected a duration such as 30s or 5m.');
}

const examples = `
Examples:
  mizu demo                  the shop, about ${defaultRate} requests a second, until Ctrl-C
  mizu demo --rate 50        busier
  mizu tap --local --demo    the shop, and Mizu looking at it
`;

/** `mizu demo`: the shop alone; another Mizu may tap it. */
export function addDemoCommand(program: Command, context: CliContext): void {
  program
    .command('demo')
    .description('run a small shop of real HTTP services on loopback, to have something to look at')
    .addOption(
      new Option('--rate <number>', 'requests a second that the client sends')
        .argParser(parseRate)
        .default(defaultRate),
    )
    .addOption(
      new Option('--duration <time>', 'end after this time (30s, 5m)').argParser(parseTime),
    )
    .addHelpText('after', examples)
    .action(async (options: { rate: number; duration?: number }) => {
      const { openDemo, runDemo } = await context.loadDemo();
      const signal =
        options.duration === undefined
          ? context.signal
          : AbortSignal.any([context.signal, AbortSignal.timeout(options.duration)]);
      const demo = await openDemo();
      context.stdout.write('The demo shop is open:\n');
      for (const { name, url } of demo.services)
        context.stdout.write(`  ${name.padEnd(10)} ${url}\n`);
      await runDemo(demo, { rate: options.rate, signal });
    });
}
