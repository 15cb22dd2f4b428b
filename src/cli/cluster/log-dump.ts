/** The logs of Mizu's pods, the namespace's events and the configuration → one zip. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { CoreV1Event, V1Pod } from '@kubernetes/client-node';
import { strToU8, zipSync } from 'fflate';
import { managedSelector } from '../../cluster/access/index.ts';
import type { LoadedConfig } from '../../config/index.ts';
import type { CliContext } from '../context.ts';
import { ExitCode, UserError } from '../errors.ts';
import { logPath } from '../log-file.ts';
import { type ClusterSetup, connectCluster } from './setup.ts';

/** The end of a log says most. */
const mostLogBytes = 20_000_000;
const callTimeoutMs = 20_000;

export async function runLogs(context: CliContext, loaded: LoadedConfig): Promise<ExitCode> {
  const setup = await connectCluster(context, loaded.config, loaded.configPath);
  try {
    const path = resolve(loaded.config.logs.file || 'mizu_logs.zip');
    await writeLogs(setup, path);
    return ExitCode.Ok;
  } finally {
    setup.api.close();
  }
}

/** `dump-logs`: before the pods go. What does not work is said, and is no reason to stop. */
export async function dumpLogs(setup: ClusterSetup): Promise<void> {
  const { context } = setup;
  const home = context.environment['HOME'] || homedir();
  // 2026-01-31T12:00:00.000Z → 2026_01_31__12_00_00
  const now = new Date().toISOString().slice(0, 19).replace('T', '__').replace(/[-:]/g, '_');
  try {
    await writeLogs(setup, join(home, '.mizu', `mizu_logs_${now}.zip`));
  } catch (error) {
    context.stderr.write(`mizu: the logs could not be saved: ${(error as Error).message}\n`);
  }
}

async function writeLogs(setup: ClusterSetup, path: string): Promise<void> {
  const files = await collectLogs(setup);
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeFile(path, zipSync(files, { level: 6 }));
  } catch (error) {
    throw new UserError(`the logs cannot be written: ${(error as Error).message}`, ExitCode.Cannot);
  }
  setup.context.stdout.write(`You can find the zip file with all logs in ${path}\n`);
}

async function collectLogs(setup: ClusterSetup): Promise<Record<string, Uint8Array>> {
  const { api, namespace, configPath } = setup;
  const selection = { kind: 'Pod', namespace, labelSelector: managedSelector };
  const { items: pods } = await api.list<V1Pod>(selection, { timeoutMs: callTimeoutMs });
  if (pods.length === 0) {
    throw new UserError(`no mizu pods found in namespace ${namespace}`, ExitCode.Cannot);
  }
  const files: Record<string, Uint8Array> = {};
  for (const pod of pods) Object.assign(files, await podLogs(setup, pod));
  files[`${namespace}_events.log`] = strToU8(await eventText(setup));
  const config = await readFile(configPath, 'utf8').catch(() => undefined);
  if (config !== undefined) files['config.yaml'] = strToU8(withoutSecrets(config));
  const log = await readFile(logPath(setup.context.environment)).catch(() => undefined);
  if (log !== undefined) files['mizu_cli.log'] = new Uint8Array(log);
  return files;
}

async function podLogs(setup: ClusterSetup, pod: V1Pod): Promise<Record<string, Uint8Array>> {
  const { namespace } = setup;
  const files: Record<string, Uint8Array> = {};
  const name = pod.metadata?.name ?? '';
  for (const container of pod.spec?.containers ?? []) {
    const status = pod.status?.containerStatuses?.find((one) => one.name === container.name);
    const stem = `${namespace}.${name}.${container.name}`;
    files[`${stem}.log`] = await containerLog(setup, name, container.name, false);
    if ((status?.restartCount ?? 0) > 0) {
      files[`${stem}.previous.log`] = await containerLog(setup, name, container.name, true);
    }
  }
  return files;
}

/** A log that cannot be had is replaced by the reason. */
async function containerLog(
  { api, namespace }: ClusterSetup,
  pod: string,
  container: string,
  previous: boolean,
): Promise<Uint8Array> {
  const path = `/api/v1/namespaces/${namespace}/pods/${pod}/log`;
  const wanted = { verb: 'get', resource: 'pods/log', name: pod, namespace };
  const query = { container, previous, timestamps: true, limitBytes: mostLogBytes };
  try {
    return strToU8(await api.text(path, wanted, query, { timeoutMs: callTimeoutMs }));
  } catch (error) {
    return strToU8(`${(error as Error).message}\n`);
  }
}

async function eventText({ api, namespace }: ClusterSetup): Promise<string> {
  try {
    const { items } = await api.list<CoreV1Event>(
      { kind: 'Event', namespace },
      { timeoutMs: callTimeoutMs },
    );
    return items.map((event) => `${eventLine(event)}\n`).join('');
  } catch (error) {
    return `${(error as Error).message}\n`;
  }
}

function eventLine(event: CoreV1Event): string {
  const { involvedObject, lastTimestamp, eventTime, type, reason, message, count } = event;
  const at = lastTimestamp ?? eventTime ?? '-';
  const times = (count ?? 1) > 1 ? ` (${count} times)` : '';
  return `${at} ${type} ${reason} ${involvedObject.kind}/${involvedObject.name}: ${message}${times}`;
}

/** A zip of logs is sent to others. */
export function withoutSecrets(yaml: string): string {
  return yaml.replace(/^(\s*[\w.-]*(?:token|password|secret)\s*:[ \t]*)\S.*$/gim, '$1[REDACTED]');
}
