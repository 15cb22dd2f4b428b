/** demo: a rate → real HTTP calls between the four services of a small shop and its customers. */
import { catalogueRoutes } from './catalogue.ts';
import { serveCustomers } from './customers.ts';
import { ordersRoutes } from './orders.ts';
import { paymentsRoutes } from './payments.ts';
import {
  cataloguePlace,
  customersAddress,
  ordersPlace,
  paymentsPlace,
  storefrontPlace,
  usualDemoPorts,
} from './places.ts';
import { seededRandom } from './random.ts';
import { type Service, startService } from './service.ts';
import { storefrontRoutes } from './storefront.ts';

export { demoAddresses, usualDemoPorts } from './places.ts';

/** Above the body limit, so that a cut body can be seen. */
const defaultDownloadBytes = 3 << 20;
const seed = 2026;

export interface DriveOptions {
  /** Requests a second that the customers send. */
  readonly rate: number;
  readonly signal: AbortSignal;
}

/** The shop, open. */
export interface Demo {
  readonly services: readonly { readonly name: string; readonly url: string }[];
  /** Ports that the services listen on: calls to them are demo traffic. */
  readonly ports: readonly number[];
  /** Ports of a shop that found none of them taken, such as the recorded one. */
  readonly usualPorts: readonly number[];
  /** Lets customers in; resolves soon after `signal` is aborted. */
  drive(options: DriveOptions): Promise<void>;
  close(): Promise<void>;
}

/** Starts the services; nobody calls them before `drive`. */
export async function openDemo(options: { readonly downloadBytes?: number } = {}): Promise<Demo> {
  const random = seededRandom(seed);
  const opened: Service[] = [];
  const open = async (...service: Parameters<typeof startService>) => {
    const started = await startService(...service);
    opened.push(started);
    return started;
  };
  const close = async () => {
    await Promise.all(opened.map((service) => service.close()));
  };
  try {
    const payments = await open(paymentsPlace, paymentsRoutes(random));
    const catalogue = await open(
      cataloguePlace,
      catalogueRoutes(options.downloadBytes ?? defaultDownloadBytes),
    );
    const orders = await open(
      ordersPlace,
      ordersRoutes({ catalogue: catalogue.url, payments: payments.url }),
    );
    const storefront = await open(
      storefrontPlace,
      storefrontRoutes({ catalogue: catalogue.url, orders: orders.url }),
    );
    const shops = {
      storefront: storefront.url,
      catalogue: catalogue.url,
      orders: orders.url,
      payments: payments.url,
      from:
        new URL(storefront.url).hostname === storefrontPlace.address ? customersAddress : undefined,
    };
    const services = [storefront, catalogue, orders, payments];
    return {
      services,
      ports: services.map(({ port }) => port),
      usualPorts: usualDemoPorts,
      drive: ({ rate, signal }) => serveCustomers(shops, { rate, signal, random }),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Lets customers in until `signal` is aborted, then closes the shop. */
export async function runDemo(demo: Demo, options: DriveOptions): Promise<void> {
  try {
    await demo.drive(options);
  } finally {
    await demo.close();
  }
}
