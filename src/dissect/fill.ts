/** A reported message → the spans of the exchange it belongs to. */
import type { Span } from './contract.ts';
import type { Exchange, Part } from './exchange.ts';
import type { ReportedMessage } from './message.ts';

/** What each part has of its own. */
export function fillPart(part: Part, message: ReportedMessage): void {
  const { contentType } = message;
  part.contentTypeFrom = message.keptAt(contentType);
  part.contentTypeLength = lengthOf(contentType, part.contentTypeFrom);
}

/** The texts of the row, from the request; from the answer when that came alone. */
export function fillTexts(exchange: Exchange, message: ReportedMessage): void {
  exchange.methodFrom = message.keptAt(message.method);
  exchange.methodLength = lengthOf(message.method, exchange.methodFrom);
  exchange.targetFrom = message.keptAt(message.target);
  exchange.targetLength = lengthOf(message.target, exchange.targetFrom);
  exchange.hostFrom = message.keptAt(message.host);
  exchange.hostLength = lengthOf(message.host, exchange.hostFrom);
  exchange.traceFrom = message.keptAt(message.traceId);
  exchange.traceLength = lengthOf(message.traceId, exchange.traceFrom);
  exchange.methodText = message.methodText;
  exchange.targetText = message.targetText;
  exchange.hostText = message.hostText;
  exchange.isAscii = message.isAscii;
}

/** Length of a text that is kept at `at`; one that is not kept has none. */
function lengthOf(span: Span, at: number): number {
  return at < 0 ? 0 : span.to - span.from;
}
