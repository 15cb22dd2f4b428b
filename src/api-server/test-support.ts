/** An API server with its folders, a small Kubernetes API and tappers, for tests. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type FakeCluster, fakeCluster } from '../cluster/access/test-support.ts';
import { apiServerSettings } from '../cluster/objects/index.ts';
import { type ApiServerSettings, defaultSettings } from '../cluster/settings.ts';
import { newSecret, startTapper, type TestSecret, until } from '../link/test-support.ts';
import {
  type KubeObject,
  podObject,
  serviceObject,
  sliceObject,
} from '../resolve/cluster/test-support.ts';
import type { Targets } from '../serve/api.ts';
import { runApiServer } from './run.ts';

export const namespace = 'mizu';
const daemonSetPath = `/apis/apps/v1/namespaces/${namespace}/daemonsets/mizu-tapper-daemon-set`;
const leasePath = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/mizu-session`;

/** A shop on two nodes: two servers behind a service, and a client. */
const shop: readonly (readonly [string, KubeObject])[] = [
  ['pods/server-1', podObject('server-1', { ip: '10.0.1.1', node: 'node-1' })],
  ['pods/server-2', podObject('server-2', { ip: '10.0.2.1', node: 'node-2' })],
  ['pods/client', podObject('client', { ip: '10.0.1.2', node: 'node-1' })],
  ['services/server', serviceObject('server', { ip: '10.96.0.1' })],
];

export class Scene {
  readonly cluster: FakeCluster;
  readonly folder = mkdtempSync(path.join(tmpdir(), 'mizu-api-server-'));
  readonly lines: string[] = [];
  readonly secret: TestSecret;
  #ending = new AbortController();
  #running: Promise<void> | undefined;

  private constructor(cluster: FakeCluster, secret: TestSecret) {
    this.cluster = cluster;
    this.secret = secret;
  }

  static async open(changes: Partial<ApiServerSettings> = {}): Promise<Scene> {
    const scene = new Scene(await fakeCluster(), await newSecret());
    for (const [place, object] of shop) {
      scene.cluster.objects.set(`/api/v1/namespaces/shop/${place}`, object);
    }
    scene.cluster.objects.set(
      '/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices/server-abcde',
      sliceObject('server', ['server-1', 'server-2']),
    );
    const metadata = { namespace };
    scene.cluster.objects.set(daemonSetPath, {
      kind: 'DaemonSet',
      metadata: { ...metadata, name: 'mizu-tapper-daemon-set' },
    });
    scene.cluster.add({ kind: 'ConfigMap', metadata: { ...metadata, name: 'mizu-config' } });
    scene.renew('first');
    scene.#write(changes);
    return scene;
  }

  /** The command renews its lease. */
  renew(renewTime: string): void {
    const lease = {
      kind: 'Lease',
      metadata: { namespace, name: 'mizu-session' },
      spec: { renewTime },
    };
    this.cluster.objects.set(leasePath, lease);
  }

  get daemonSet(): string {
    return JSON.stringify(this.cluster.objects.get(daemonSetPath));
  }

  /** Resolves when tappers may come and targets are known. */
  async start(): Promise<void> {
    this.lines.length = 0;
    this.#ending = new AbortController();
    const environment = {
      KUBECONFIG: path.join(this.folder, 'kubeconfig'),
      CONFIG_FOLDER: path.join(this.folder, 'config'),
      SECRET_FOLDER: path.join(this.folder, 'secret'),
      DATA_FOLDER: path.join(this.folder, 'data'),
    };
    this.#running = runApiServer(environment, this.#ending.signal, (line) => {
      this.lines.push(line);
    });
    this.#running.catch((error: Error) => this.lines.push(`failed: ${error.message}`));
    await until(() => this.lines.some((line) => /are targets|failed/.test(line)));
  }

  get ended(): Promise<void> {
    return this.#running ?? Promise.resolve();
  }

  async stop(): Promise<void> {
    this.#ending.abort();
    await this.#running;
  }

  async close(): Promise<void> {
    await this.stop().catch(() => undefined);
    await this.cluster.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  port(of: 'page' | 'tappers'): number {
    const line = this.lines.find((text) => text.includes('API server: page')) ?? '';
    return Number(new RegExp(`${of} on port (\\d+)`).exec(line)?.[1]);
  }

  tapper(node: string, seen: Parameters<typeof startTapper>[2] = {}) {
    return startTapper(this.port('tappers'), this.secret, { node, ...seen }).link;
  }

  async ask<Answer>(route: string, body?: unknown): Promise<Answer> {
    const headers = { authorization: 'Bearer token', 'content-type': 'application/json' };
    const init = body === undefined ? {} : { method: 'PUT', body: JSON.stringify(body) };
    const answer = await fetch(`http://127.0.0.1:${this.port('page')}/api/v1/${route}`, {
      headers,
      ...init,
    });
    return (await answer.json()) as Answer;
  }

  /** A file in the data folder, before the start. */
  writeData(name: string, content: string): void {
    const file = path.join(this.folder, 'data', name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
  }

  readData(name: string): string {
    return readFileSync(path.join(this.folder, 'data', name), 'utf8');
  }

  targets(): Promise<Targets> {
    return this.ask<Targets>('targets');
  }

  #write(changes: Partial<ApiServerSettings>): void {
    const folder = (name: string) => {
      const made = path.join(this.folder, name);
      mkdirSync(made);
      return made;
    };
    const settings = apiServerSettings({
      ...defaultSettings,
      ports: { service: 80, http: 0, tapper: 0 },
    });
    const targets = { ...settings.targets, namespaces: ['shop'] };
    const text = JSON.stringify({ ...settings, targets, ...changes });
    writeFileSync(path.join(folder('config'), 'mizu-config.json'), text);
    const secret = folder('secret');
    writeFileSync(path.join(secret, 'token'), 'token');
    writeFileSync(path.join(secret, 'key'), this.secret.key);
    writeFileSync(path.join(secret, 'tls.crt'), this.secret.certificate);
    writeFileSync(path.join(secret, 'tls.key'), this.secret.privateKey);
    writeFileSync(path.join(this.folder, 'kubeconfig'), this.cluster.kubeConfig);
  }
}
