/** Where the services of the demo shop live: an own loopback address each, so that they differ in lists. */

export interface Place {
  readonly name: string;
  readonly address: string;
  /** Where it usually listens; when that is taken, a few ports above are tried. */
  readonly port: number;
}

export const storefrontPlace: Place = { name: 'storefront', address: '127.0.0.11', port: 8801 };
export const cataloguePlace: Place = { name: 'catalogue', address: '127.0.0.12', port: 8802 };
export const ordersPlace: Place = { name: 'orders', address: '127.0.0.13', port: 8803 };
export const paymentsPlace: Place = { name: 'payments', address: '127.0.0.14', port: 8804 };

/** The customers' address. */
export const customersAddress = '127.0.0.10';

/** Addresses of the demo → what is there. */
export const demoAddresses: Readonly<Record<string, string>> = {
  [customersAddress]: 'customers',
  [storefrontPlace.address]: storefrontPlace.name,
  [cataloguePlace.address]: cataloguePlace.name,
  [ordersPlace.address]: ordersPlace.name,
  [paymentsPlace.address]: paymentsPlace.name,
};

/** Server ports of the demo when none was taken; those of the recording. */
export const usualDemoPorts: readonly number[] = [
  storefrontPlace.port,
  cataloguePlace.port,
  ordersPlace.port,
  paymentsPlace.port,
];
