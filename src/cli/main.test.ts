import { describe, expect, test } from 'vitest';
import { TapError } from '../tap.ts';
import { emptySummary, mizu } from './test-support.ts';

describe('a newcomer', () => {
  test('types mizu alone and sees what to type next', async () => {
    const { exitCode, stdout, stderr } = await mizu([]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('mizu tap --local');
    expect(stdout.split('\n').length).toBeLessThan(15);
    expect(stderr).toBe('');
  });

  test.each([['--help'], ['-h'], ['help']])('asks for help with %s', async (word) => {
    const { exitCode, stdout } = await mizu([word]);
    expect(exitCode).toBe(0);
    for (const command of ['tap', 'demo', 'completion', 'version']) {
      expect(stdout).toContain(command);
    }
  });

  test('gets the same help for tap both ways, with examples', async () => {
    const first = await mizu(['help', 'tap']);
    const second = await mizu(['tap', '--help']);
    expect(first.exitCode).toBe(0);
    expect(first.stdout).toBe(second.stdout);
    expect(first.stdout).toContain('Examples:');
    expect(first.stdout).toContain('--max-entries-db-size');
  });

  test('asks for the version both ways', async () => {
    const first = await mizu(['version']);
    const second = await mizu(['--version']);
    expect(first.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(second.stdout).toBe(first.stdout);
  });
});

describe('a mistake is one line, with a way on, and exit 2', () => {
  test.each([
    [['tpa'], 'tap'],
    [['help', 'tpa'], 'tap'],
    [['tap', '--lcal'], '--local'],
    [['tap', '--read'], 'missing'],
    [['tap', '--local', '--read', 'x'], 'cannot be used with'],
    [['tap'], '--local'],
    [['tap', '--local', '--body-limit', 'much'], '1MiB'],
    [['tap', '--local', '--max-entries-db-size', '1kB'], '200MB'],
    [['tap', '--local', '--gui-port', '70000'], '65535'],
    [['tap', '--local', '--output', 'xml'], 'jsonl'],
    [['tap', '--local', '--filter', 'http'], '--output jsonl'],
    [['tap', '--read', 'x', '--interface', 'lo'], '--local'],
    [['tap', '--read', 'x', '--demo'], 'cannot be used with'],
    [['tap', '--read', '-', '-'], 'only once'],
    [['tap', '--read', 'x', '--write', 'x'], 'overwrite'],
    [['tap', '--local', 'surplus'], 'too many arguments'],
    [['completion', 'tcsh'], 'bash'],
    [['demo', '--rate', '-1'], 'above 0'],
  ])('mizu %j', async (words, hint) => {
    const { exitCode, stdout, stderr, taps } = await mizu(words);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/^mizu: [^\n]+\n$/);
    expect(stderr).toContain(hint);
    expect(stdout).toBe('');
    expect(taps).toEqual([]);
  });
});

describe('what the stages refuse', () => {
  test.each([
    ['missing', 2],
    ['not-a-capture', 2],
    ['unreadable', 2],
    ['bad-filter', 2],
    ['unknown-interface', 2],
    ['not-permitted', 1],
    ['unsupported', 1],
    ['port_in_use', 1],
  ])('%s ends with exit %i and its message', async (code, expected) => {
    const { exitCode, stderr } = await mizu(['tap', '--read', 'x'], {
      tap: () => Promise.reject(new TapError(code, 'x is not a capture')),
    });
    expect(exitCode).toBe(expected);
    expect(stderr).toBe('mizu: x is not a capture\n');
  });

  test('a bug says so and keeps its stack for those who ask', async () => {
    const tap = () => Promise.reject(new TypeError('a is not a function'));
    const quiet = await mizu(['tap', '--read', 'x'], { tap });
    expect(quiet.exitCode).toBe(1);
    expect(quiet.stderr).toContain('bug in Mizu: a is not a function');
    expect(quiet.stderr).toContain('MIZU_DEBUG=1');
    expect(quiet.stderr).not.toContain('    at ');
    const loud = await mizu(['tap', '--read', 'x'], { tap, environment: { MIZU_DEBUG: '1' } });
    expect(loud.stderr).toContain('    at ');
  });
});

describe('tap', () => {
  test('hands files, sizes and limits on', async () => {
    const { taps, exitCode } = await mizu([
      ...['tap', '--read', 'a.pcap', 'b.pcap', '--output', 'jsonl', '--filter', 'http'],
      ...['--body-limit', '64kB', '--no-redact', '--capture-filter', 'tcp port 80'],
    ]);
    expect(exitCode).toBe(0);
    expect(taps).toMatchObject([
      {
        source: { kind: 'files', paths: ['a.pcap', 'b.pcap'], captureFilter: 'tcp port 80' },
        output: 'jsonl',
        filter: 'http',
        store: 'none',
        bodyLimitBytes: 64_000,
        redact: false,
        demoPorts: [],
      },
    ]);
  });

  test('taps chosen interfaces with the defaults that the help states', async () => {
    const { taps } = await mizu(['tap', '--local', '--interface', 'lo', '--interface', 'eth0'], {
      environment: { MIZU_TOKEN: 'secret' },
    });
    expect(taps).toMatchObject([
      {
        source: { kind: 'local', interfaces: ['lo', 'eth0'], ignorePorts: [8899] },
        output: 'page',
        store: { directory: undefined, limitBytes: 200_000_000 },
        bodyLimitBytes: 1_048_576,
        redact: true,
        guiPort: 8899,
        proxyHost: '127.0.0.1',
        token: 'secret',
      },
    ]);
  });

  test('says where the page is and how much is stored', async () => {
    const { stdout } = await mizu(['tap', '--local'], {
      tap: async (options) => {
        options.onReady?.({ url: 'http://localhost:8899/?token=abc' });
        options.onStarted?.('lo');
        return emptySummary;
      },
    });
    expect(stdout).toBe(
      'Mizu will store up to 200MB of traffic, old traffic will be cleared once the limit is reached.\n' +
        'Mizu is available at http://localhost:8899/?token=abc\n',
    );
  });

  test('does not announce a page when the machine cannot be tapped after all', async () => {
    const { stdout, exitCode } = await mizu(['tap', '--local'], {
      tap: async (options) => {
        options.onReady?.({ url: 'http://localhost:8899/?token=abc' });
        throw new TapError('not-permitted', 'Capturing needs a capability.');
      },
    });
    expect(stdout).toBe('');
    expect(exitCode).toBe(1);
  });

  test('opens a browser only in front of a terminal with a display', async () => {
    const tap: Parameters<typeof mizu>[1] = {
      tap: async (options) => {
        options.onReady?.({ url: 'http://localhost:8899/' });
        return emptySummary;
      },
    };
    const words = ['tap', '--read', 'x'];
    const display = { DISPLAY: ':0' };
    const seated = await mizu(words, { ...tap, isTTY: true, environment: display });
    expect(seated.opened).toEqual(['http://localhost:8899/']);
    const piped = await mizu(words, { ...tap, environment: display });
    expect(piped.opened).toEqual([]);
    const remote = await mizu([...words, '--headless'], {
      ...tap,
      isTTY: true,
      environment: display,
    });
    expect(remote.opened).toEqual([]);
  });

  test('keeps standard output for entries and sums up on standard error', async () => {
    const { stdout, stderr } = await mizu(['tap', '--read', 'x', '--output', 'jsonl'], {
      tap: async () => ({
        ...emptySummary,
        packets: 12_345,
        bytes: 3_400_000,
        entries: 99,
        holes: 2,
        holeBytes: 2900,
        notUnderstood: { 'encrypted (TLS)': 3, 'not recognised': 1 },
      }),
    });
    expect(stdout).toBe('');
    expect(stderr).toContain('packets         12,345 (3.4MB)');
    expect(stderr).toContain('holes           2 (2.9kB missing)');
    expect(stderr).toContain('not understood  3 connections: encrypted (TLS)\n');
    expect(stderr).toContain('                1 connection: not recognised\n');
  });

  test('a damaged file ends with exit 3 and the place of the damage', async () => {
    const { exitCode, stderr } = await mizu(['tap', '--read', 'x', '--output', 'none'], {
      tap: async () => ({
        ...emptySummary,
        damage: [{ file: 'x', offset: 4711, reason: 'the file ends within a record' }],
      }),
    });
    expect(exitCode).toBe(3);
    expect(stderr).toContain('mizu: x is damaged at byte 4711: the file ends within a record\n');
  });

  test('with the demo: calls to its ports are labelled', async () => {
    const { taps } = await mizu(['tap', '--local', '--demo']);
    expect(taps).toMatchObject([{ source: { kind: 'local' }, demoPorts: [8801, 8802] }]);
  });

  test('with the demo on a machine that cannot be tapped: plays the recording and says why', async () => {
    const { taps, stderr, exitCode } = await mizu(['tap', '--local', '--demo'], {
      tap: async (_, call) => {
        if (call === 1) throw new TapError('not-permitted', 'Capturing needs a capability.');
        return emptySummary;
      },
    });
    expect(exitCode).toBe(0);
    expect(stderr).toContain('Capturing needs a capability.');
    expect(stderr).toContain('recording of the demo shop');
    expect(taps[1]).toMatchObject({ source: { kind: 'recording' }, demoPorts: [8801, 8802] });
    expect(taps[1]!.notice).toContain('cannot be tapped');
  });

  test('draws progress on a terminal and leaves no trace of it elsewhere', async () => {
    const tap: NonNullable<Parameters<typeof mizu>[1]>['tap'] = async (options) => {
      options.onProgress?.({
        readBytes: 50e6,
        totalBytes: 200e6,
        packets: 1,
        entries: 1234,
        elapsedMs: 1000,
      });
      return emptySummary;
    };
    const words = ['tap', '--read', 'x', '--output', 'none'];
    const seen = await mizu(words, { tap, isTTY: true });
    expect(seen.stderr).toContain(' 25%  1,234 entries  50MB/s  3 s left');
    const unseen = await mizu(words, { tap });
    expect(unseen.stderr).not.toContain('%');
  });
});
