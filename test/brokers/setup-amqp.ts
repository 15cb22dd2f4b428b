/** RabbitMQ and Apache Qpid Broker-J, each with a folder and ports of its own, and what drives them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { connect } from 'amqplib';
import { freePort, run, until } from './capture.ts';
import { installDebian, mavenClassPath, pythonWith } from './setup.ts';

const qpidVersion = '9.2.0';
const qpidArtifacts = [
  'qpid-broker-core',
  'qpid-broker-plugins-amqp-0-8-protocol',
  'qpid-broker-plugins-amqp-1-0-protocol',
  'qpid-broker-plugins-memory-store',
].map((artifact) => `org.apache.qpid:${artifact}:${qpidVersion}`);
const rabbitFolder = '/usr/lib/rabbitmq/lib';
const longestStartMs = 90_000;

export async function setup(): Promise<void> {
  await installDebian('rabbitmqctl', ['rabbitmq-server']);
  await installDebian('mvn', ['maven', 'default-jdk-headless']);
  await qpidClassPath();
  await pikaPython();
  await protonPython();
}

const qpidClassPath = (): Promise<string> => mavenClassPath('qpid', qpidArtifacts);
/** A Python with the AMQP 0-9-1 client pika. */
export const pikaPython = (): Promise<string> => pythonWith('pika', ['pika==1.3.2']);
/** A Python with the AMQP 1.0 client Qpid Proton. */
export const protonPython = (): Promise<string> =>
  pythonWith('proton', ['python-qpid-proton==0.39.0']);

/** The script that starts RabbitMQ without a service manager, or undefined. */
export async function rabbitScript(): Promise<string | undefined> {
  const folders = await readdir(rabbitFolder).catch(() => []);
  const found = folders.find((name) => name.startsWith('rabbitmq_server-'));
  return found === undefined ? undefined : join(rabbitFolder, found, 'sbin', 'rabbitmq-server');
}

/** A broker that runs. User and password are `guest`. */
export interface Broker extends AsyncDisposable {
  readonly name: 'RabbitMQ' | 'Qpid';
  readonly port: number;
  readonly virtualHost: string;
  /** Runs `rabbitmqctl` with these words. */
  control(words: readonly string[]): Promise<void>;
}

/** Also the mechanism that asks for the password with `connection secure`. */
const rabbitConfiguration = `auth_mechanisms.1 = PLAIN
auth_mechanisms.2 = AMQPLAIN
auth_mechanisms.3 = RABBIT-CR-DEMO
`;

export async function startRabbit(): Promise<Broker> {
  const script = await rabbitScript();
  if (script === undefined) throw new Error('RabbitMQ is not installed');
  const folder = await mkdtemp(join(tmpdir(), 'mizu-rabbit-'));
  const [port, distribution, names] = [await freePort(), await freePort(), await freePort()];
  const node = `mizu${port}@localhost`;
  await writeFile(join(folder, 'rabbitmq.conf'), rabbitConfiguration);
  await writeFile(join(folder, 'plugins'), '[rabbitmq_amqp1_0].\n');
  const environment = {
    HOME: folder,
    RABBITMQ_NODENAME: node,
    RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
    RABBITMQ_NODE_PORT: String(port),
    RABBITMQ_DIST_PORT: String(distribution),
    RABBITMQ_MNESIA_BASE: join(folder, 'data'),
    RABBITMQ_LOG_BASE: join(folder, 'log'),
    RABBITMQ_PID_FILE: join(folder, 'pid'),
    RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'plugins'),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
    ERL_EPMD_PORT: String(names),
    ERL_EPMD_ADDRESS: '127.0.0.1',
  };
  // Else RabbitMQ starts the name server of Erlang itself, as a daemon that stays.
  const words = ['-port', String(names), '-address', '127.0.0.1'];
  const nameServer = spawn('epmd', words, { stdio: 'ignore' });
  const child = spawn(script, [], {
    env: { ...process.env, ...environment },
    stdio: 'ignore',
    detached: true,
  });
  const control = async (words: readonly string[]) => {
    const command = join(dirname(script), 'rabbitmqctl');
    const { code, stderr } = await run(command, ['-n', node, ...words], { environment });
    if (code !== 0) throw new Error(`rabbitmqctl ended with ${code}: ${stderr}`);
  };
  return started('RabbitMQ', child, port, folder, { after: () => nameServer.kill(), control });
}

const launcher = `import java.util.Map;
import org.apache.qpid.server.SystemLauncher;

class Launcher {
  public static void main(String[] words) throws Exception {
    new SystemLauncher().startup(
        Map.of("type", "Memory", "initialConfigurationLocation", words[0]));
  }
}
`;

function qpidConfiguration(port: number): string {
  return JSON.stringify({
    name: 'mizu',
    modelVersion: '9.0',
    authenticationproviders: [
      {
        name: 'plain',
        type: 'Plain',
        secureOnlyMechanisms: [],
        users: [{ name: 'guest', password: 'guest', type: 'managed' }],
      },
    ],
    ports: [
      {
        name: 'AMQP',
        port: String(port),
        authenticationProvider: 'plain',
        bindingAddress: '127.0.0.1',
        virtualhostaliases: [{ name: 'nameAlias', type: 'nameAlias' }],
        protocols: ['AMQP_0_8', 'AMQP_0_9', 'AMQP_0_9_1', 'AMQP_1_0'],
      },
    ],
    virtualhostnodes: [
      {
        name: 'default',
        type: 'Memory',
        defaultVirtualHostNode: 'true',
        virtualHostInitialConfiguration: '{"type":"Memory"}',
      },
    ],
  });
}

export async function startQpid(): Promise<Broker> {
  const classPath = await qpidClassPath();
  const folder = await mkdtemp(join(tmpdir(), 'mizu-qpid-'));
  const port = await freePort();
  await writeFile(join(folder, 'Launcher.java'), launcher);
  await writeFile(join(folder, 'config.json'), qpidConfiguration(port));
  const words = ['-Xmx256m', `-Dqpid.work_dir=${join(folder, 'work')}`, '-cp', classPath];
  const child = spawn('java', [...words, 'Launcher.java', join(folder, 'config.json')], {
    cwd: folder,
    stdio: 'ignore',
    detached: true,
  });
  const control = () => Promise.reject(new Error('Qpid is not controlled'));
  return started('Qpid', child, port, folder, { after: () => undefined, control });
}

/** Waits until the broker serves; ends it and all that it has started with its disposal. */
async function started(
  name: Broker['name'],
  child: ChildProcess,
  port: number,
  folder: string,
  { after, control }: { after: () => unknown; control: Broker['control'] },
): Promise<Broker> {
  let exit: number | null | undefined;
  const ended = new Promise<void>((resolve) => {
    child.on('error', () => resolve());
    child.on('exit', (code) => {
      exit = code;
      resolve();
    });
  });
  const stop = async () => {
    if (exit === undefined && child.pid !== undefined) {
      process.kill(-child.pid, 'SIGKILL');
      await ended;
    }
    after();
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  };
  const virtualHost = name === 'Qpid' ? 'default' : '/';
  try {
    const ready = () => exit !== undefined || serves(port, virtualHost);
    await until(`${name} to serve`, ready, longestStartMs);
    if (exit !== undefined) throw new Error(`${name} ended with ${exit}`);
  } catch (error) {
    await stop();
    throw error;
  }
  return { name, port, virtualHost, control, [Symbol.asyncDispose]: stop };
}

/** Brokers listen before they have their virtual host. */
async function serves(port: number, virtualHost: string): Promise<boolean> {
  const host = encodeURIComponent(virtualHost);
  const connection = await connect(`amqp://guest:guest@127.0.0.1:${port}/${host}`);
  await connection.close();
  return true;
}
