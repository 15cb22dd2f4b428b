/** What `/protocols` answers in the mock server. */
import { entryFields } from '../../src/entry/fields.ts';
import type { Protocols } from '../../src/serve/api.ts';

export const protocols: Protocols = {
  protocols: [
    {
      id: 'http',
      title: 'Hypertext Transfer Protocol',
      label: 'HTTP',
      colour: '#205cf5',
      textColour: '#ffffff',
      specification: 'https://www.rfc-editor.org/rfc/rfc9112',
    },
  ],
  fields: [
    ...entryFields,
    {
      path: 'request.method',
      type: 'text',
      help: 'Method',
      values: ['GET', 'POST', 'PUT', 'DELETE'],
      column: 'method',
    },
    { path: 'request.url', type: 'text', help: 'Target as sent' },
    { path: 'request.path', type: 'text', help: 'Path of the target' },
    { path: 'request.headers', type: 'map', help: 'Headers of the request' },
    { path: 'request.cookies', type: 'map', help: 'Cookies' },
    { path: 'request.queryString', type: 'map', help: 'Query parameters' },
    { path: 'request.postData.text', type: 'text', help: 'Body of the request' },
    {
      path: 'response.status',
      type: 'number',
      help: 'Status code',
      values: [200, 201, 204, 302, 304, 400, 401, 403, 404, 500, 502, 503],
      column: 'status',
    },
    { path: 'response.statusText', type: 'text', help: 'Reason phrase' },
    { path: 'response.headers', type: 'map', help: 'Headers of the response' },
    { path: 'response.content.text', type: 'text', help: 'Body of the response' },
  ],
  macros: { http: 'protocol.name == "http"' },
};
