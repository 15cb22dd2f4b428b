import { IpProtocol } from './syntax.ts';

/**
 * Names of ports as in /etc/services. A fixed list, so that a filter means the same on every machine;
 * all other ports are written as numbers.
 */
export const PORT_NAMES: ReadonlyMap<string, number> = new Map([
  ['ftp-data', 20],
  ['ftp', 21],
  ['ssh', 22],
  ['telnet', 23],
  ['smtp', 25],
  ['domain', 53],
  ['http', 80],
  ['kerberos', 88],
  ['pop3', 110],
  ['ntp', 123],
  ['imap2', 143],
  ['imap', 143],
  ['snmp', 161],
  ['ldap', 389],
  ['https', 443],
  ['syslog', 514],
  ['ldaps', 636],
  ['imaps', 993],
  ['pop3s', 995],
  ['mysql', 3306],
  ['postgresql', 5432],
  ['amqp', 5672],
  ['http-alt', 8080],
]);

/** IP protocols by name, as `tcp` alone and behind `proto`. */
export const PROTOCOL_NAMES: ReadonlyMap<string, number> = new Map([
  ['icmp', IpProtocol.Icmp],
  ['igmp', 2],
  ['tcp', IpProtocol.Tcp],
  ['udp', IpProtocol.Udp],
  ['gre', 47],
  ['esp', 50],
  ['ah', 51],
  ['icmp6', IpProtocol.Icmp6],
  ['sctp', IpProtocol.Sctp],
]);

/** Words of tcpdump's language that are understood but not supported. */
export const UNSUPPORTED_WORDS: ReadonlySet<string> = new Set([
  'ether',
  'wlan',
  'fddi',
  'link',
  'vlan',
  'mpls',
  'pppoes',
  'pppoed',
  'geneve',
  'vxlan',
  'gateway',
  'broadcast',
  'multicast',
  'inbound',
  'outbound',
  'ifname',
  'protochain',
  'len',
  'decnet',
  'atalk',
  'iso',
  'stp',
  'ipx',
  'netbeui',
  'type',
]);
