/** A Kafka broker of one node (KRaft) for the tests, on loopback ports of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { delay, freePort, type Ran, run, until } from './capture.ts';
import { kafkaClassPath } from './setup-kafka.ts';

export const user = { name: 'alice', password: 'alice-secret' } as const;

export class KafkaBroker {
  readonly classPath: string;
  /** Ports: without authentication, with SASL. */
  readonly port: number;
  readonly saslPort: number;
  readonly #folder: string;
  readonly #child: ChildProcess;
  #output = '';

  private constructor(classPath: string, ports: readonly [number, number], folder: string) {
    this.classPath = classPath;
    [this.port, this.saslPort] = ports;
    this.#folder = folder;
    const words = ['-Xmx512m', '-cp', classPath, 'kafka.Kafka', join(folder, 'server.properties')];
    this.#child = spawn('java', words, { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output = `${this.#output}${text}`.slice(-4000);
      });
    }
  }

  static async start(version: string): Promise<KafkaBroker> {
    const classPath = await kafkaClassPath(version);
    const folder = await mkdtemp(join(tmpdir(), 'mizu-kafka-'));
    const port = await freePort();
    const saslPort = await freePort();
    const file = join(folder, 'server.properties');
    await writeFile(file, properties(folder, port, saslPort, await freePort()));
    const cluster = ['format', '-t', 'bWl6dS10ZXN0LWNsdXN0ZXI', '-c', file];
    const scram = `SCRAM-SHA-256=[name=${user.name},password=${user.password}]`;
    const words = ['-cp', classPath, 'kafka.tools.StorageTool', ...cluster, '--add-scram', scram];
    const { code, stdout, stderr } = await run('java', words);
    if (code !== 0) throw new Error(`formatting ended with ${code}: ${stdout}${stderr}`);
    const broker = new KafkaBroker(classPath, [port, saslPort], folder);
    await until('the broker', () => broker.#answers(), 90_000).catch((error: unknown) => {
      throw new Error(`no broker: ${broker.#output}`, { cause: error });
    });
    return broker;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Runs a tool of Kafka: `ConsoleProducer`. */
  tool(name: string, words: readonly string[], input?: string): Promise<Ran> {
    const command = ['-Xmx256m', '-cp', this.classPath, `org.apache.kafka.tools.${name}`, ...words];
    return run('java', command, input === undefined ? {} : { input });
  }

  kcat(words: readonly string[], input?: string): Promise<Ran> {
    return run('kcat', ['-b', this.address, ...words], input === undefined ? {} : { input });
  }

  #answers(): Promise<boolean> {
    if (this.#child.exitCode !== null) throw new Error('it has ended');
    return new Promise((resolve) => {
      const socket = connect(this.saslPort, '127.0.0.1');
      socket.on('connect', () => {
        socket.destroy();
        resolve(true);
      });
      socket.on('error', () => resolve(false));
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGTERM');
    for (let i = 0; i < 50 && this.#child.exitCode === null; i++) await delay(100);
    this.#child.kill('SIGKILL');
    await rm(this.#folder, { recursive: true, force: true });
  }
}

function properties(folder: string, port: number, saslPort: number, controller: number): string {
  const plain = `PLAINTEXT://127.0.0.1:${port}`;
  const sasl = `SASL_PLAINTEXT://127.0.0.1:${saslPort}`;
  const modules = 'org.apache.kafka.common.security';
  return `process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${controller}
listeners=${plain},${sasl},CONTROLLER://127.0.0.1:${controller}
advertised.listeners=${plain},${sasl}
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
log.dirs=${folder}/data
num.partitions=2
offsets.topic.replication.factor=1
offsets.topic.num.partitions=2
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=2
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256
listener.name.sasl_plaintext.plain.sasl.jaas.config=${modules}.plain.PlainLoginModule required user_${user.name}="${user.password}";
listener.name.sasl_plaintext.scram-sha-256.sasl.jaas.config=${modules}.scram.ScramLoginModule required;
`;
}
