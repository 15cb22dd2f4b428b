import { expect, test } from 'vitest';
import type { Entry } from '../../entry/entry.ts';
import { recordHttp } from '../http/test-record.ts';
import { protocols } from '../index.ts';
import { client, entriesOf, server } from '../test-bench.ts';

const soap11 = 'http://schemas.xmlsoap.org/soap/envelope/';
const soap12 = 'http://www.w3.org/2003/05/soap-envelope';

function envelope(namespace: string, body: string, header = ''): string {
  return `<?xml version="1.0" encoding="utf-8"?>\n<!-- made by hand -->\n<soap:Envelope xmlns:soap="${namespace}">${header}<soap:Body>\n  ${body}</soap:Body></soap:Envelope>`;
}

const price = '<m:GetPrice xmlns:m="urn:stock"><m:Name>Body</m:Name></m:GetPrice>';
const fault11 =
  '<soap:Fault><faultcode>soap:Client</faultcode><faultstring>No &lt;such&gt; name</faultstring><faultactor>urn:shop</faultactor></soap:Fault>';
const fault12 =
  '<soap:Fault><soap:Code><soap:Value>soap:Sender</soap:Value></soap:Code><soap:Reason><soap:Text xml:lang="en">No such name</soap:Text></soap:Reason></soap:Fault>';

/** A call as a client of HTTP makes it, to a server that answers with `answer`. */
async function called(
  headers: Record<string, string>,
  body: string,
  answer: string,
): Promise<Entry> {
  const [events] = await recordHttp(
    (request, response) => {
      request.resume().on('end', () => {
        response.setHeader('content-type', headers['content-type']!);
        response.end(answer);
      });
    },
    async (url) => {
      await (await fetch(`${url}/stock`, { method: 'POST', headers, body })).text();
    },
  );
  const [entry] = entriesOf(protocols, events!);
  return entry!;
}

test('SOAP 1.1: operation and action', async () => {
  const headers = { 'content-type': 'text/xml; charset=utf-8', SOAPAction: '"urn:stock#GetPrice"' };
  const response =
    '<m:GetPriceResponse xmlns:m="urn:stock"><m:Price>3</m:Price></m:GetPriceResponse>';
  expect(await called(headers, envelope(soap11, price), envelope(soap11, response))).toMatchObject({
    protocol: { name: 'http', abbr: 'SOAP' },
    method: 'POST',
    target: '/stock GetPrice',
    outcome: 'ok',
    request: { soap: { action: 'urn:stock#GetPrice', operation: 'GetPrice', version: '1.1' } },
    response: { soap: { operation: 'GetPriceResponse', version: '1.1' } },
  });
});

test('SOAP 1.2: the action is a parameter; a fault has failed', async () => {
  const headers = { 'content-type': 'application/soap+xml; action="urn:stock#GetPrice"' };
  expect(await called(headers, envelope(soap12, price), envelope(soap12, fault12))).toMatchObject({
    target: '/stock GetPrice',
    status: 200,
    outcome: 'failed',
    request: { soap: { action: 'urn:stock#GetPrice', version: '1.2' } },
    response: {
      soap: { operation: 'Fault', fault: { code: 'soap:Sender', reason: 'No such name' } },
    },
  });
});

test('a fault of SOAP 1.1, and an operation behind a long header with an action', async () => {
  const security = `<soap:Header><wsse:Body2 xmlns:wsse="x">${'k'.repeat(9000)}</wsse:Body2><wsa:Action>urn:a</wsa:Action></soap:Header>`;
  const headers = { 'content-type': 'text/xml' };
  const entry = await called(headers, envelope(soap11, price, security), envelope(soap11, fault11));
  expect(entry).toMatchObject({
    target: '/stock GetPrice',
    outcome: 'failed',
    request: { soap: { action: 'urn:a', operation: 'GetPrice' } },
    response: {
      soap: { fault: { code: 'soap:Client', reason: 'No <such> name', actor: 'urn:shop' } },
    },
  });
});

test('other XML is plain HTTP, and an empty Body has no operation', () => {
  const target = (body: string) => {
    const [entry] = entriesOf(protocols, [
      client(
        `POST /x HTTP/1.1\r\nHost: a\r\nContent-Type: text/xml\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      ),
      server('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'),
    ]);
    return [entry!.protocol.abbr, entry!.target];
  };
  expect(target('<order><Envelope/></order>')).toEqual(['HTTP', '/x']);
  expect(target('<html><Body>x</Body></html>')).toEqual(['HTTP', '/x']);
  expect(target('not xml at all, Envelope')).toEqual(['HTTP', '/x']);
  expect(target('<Envelope><Body/></Envelope>')).toEqual(['SOAP', '/x']);
  expect(target(`<Envelope${' '.repeat(70_000)}`)).toEqual(['SOAP', '/x']);
});
