/**
 * The methods of AMQP 0-9-1 with RabbitMQ's additions (exchange to exchange bindings, nack, confirms,
 * cancel and blocked notifications, update-secret) as data. Numbers and fields are those of the
 * specification; field names are the original's, in camel case. A line each:
 *
 *   class NUMBER NAME
 *     NUMBER NAME SENDER [asks] [answers NUMBER] [content]
 *       TYPE FIELD, TYPE FIELD, ...
 *
 * `asks`: it waits for an answer, unless its `noWait` is set. `content`: a message follows.
 */
export const methodTable = `
class 10 connection
  10 start server asks
    octet versionMajor, octet versionMinor, table serverProperties, longtext mechanisms,
    longtext locales
  11 start-ok client answers 10
    table clientProperties, text mechanism, longtext response, text locale
  20 secure server asks
    longtext challenge
  21 secure-ok client answers 20
    longtext response
  30 tune server asks
    short channelMax, long frameMax, short heartbeat
  31 tune-ok client answers 30
    short channelMax, long frameMax, short heartbeat
  40 open client asks
    text virtualHost, text capabilities, bit insist
  41 open-ok server answers 40
    text knownHosts
  50 close both asks
    short replyCode, text replyText, short classId, short methodId
  51 close-ok both answers 50
  60 blocked server
    text reason
  61 unblocked server
  70 update-secret client asks
    longtext newSecret, text reason
  71 update-secret-ok server answers 70
class 20 channel
  10 open client asks
    text outOfBand
  11 open-ok server answers 10
    longtext channelId
  20 flow both asks
    bit active
  21 flow-ok both answers 20
    bit active
  40 close both asks
    short replyCode, text replyText, short classId, short methodId
  41 close-ok both answers 40
class 30 access
  10 request client asks
    text realm, bit exclusive, bit passive, bit active, bit write, bit read
  11 request-ok server answers 10
    short ticket
class 40 exchange
  10 declare client asks
    short ticket, text exchange, text type, bit passive, bit durable, bit autoDelete, bit
    internal, bit noWait, table arguments
  11 declare-ok server answers 10
  20 delete client asks
    short ticket, text exchange, bit ifUnused, bit noWait
  21 delete-ok server answers 20
  30 bind client asks
    short ticket, text destination, text source, text routingKey, bit noWait, table
    arguments
  31 bind-ok server answers 30
  40 unbind client asks
    short ticket, text destination, text source, text routingKey, bit noWait, table
    arguments
  51 unbind-ok server answers 40
class 50 queue
  10 declare client asks
    short ticket, text queue, bit passive, bit durable, bit exclusive, bit autoDelete, bit
    noWait, table arguments
  11 declare-ok server answers 10
    text queue, long messageCount, long consumerCount
  20 bind client asks
    short ticket, text queue, text exchange, text routingKey, bit noWait, table arguments
  21 bind-ok server answers 20
  30 purge client asks
    short ticket, text queue, bit noWait
  31 purge-ok server answers 30
    long messageCount
  40 delete client asks
    short ticket, text queue, bit ifUnused, bit ifEmpty, bit noWait
  41 delete-ok server answers 40
    long messageCount
  50 unbind client asks
    short ticket, text queue, text exchange, text routingKey, table arguments
  51 unbind-ok server answers 50
class 60 basic
  10 qos client asks
    long prefetchSize, short prefetchCount, bit global
  11 qos-ok server answers 10
  20 consume client asks
    short ticket, text queue, text consumerTag, bit noLocal, bit noAck, bit exclusive, bit
    noWait, table arguments
  21 consume-ok server answers 20
    text consumerTag
  30 cancel both asks
    text consumerTag, bit noWait
  31 cancel-ok both answers 30
    text consumerTag
  40 publish client content
    short ticket, text exchange, text routingKey, bit mandatory, bit immediate
  50 return server content
    short replyCode, text replyText, text exchange, text routingKey
  60 deliver server content
    text consumerTag, longlong deliveryTag, bit redelivered, text exchange, text routingKey
  70 get client asks
    short ticket, text queue, bit noAck
  71 get-ok server answers 70 content
    longlong deliveryTag, bit redelivered, text exchange, text routingKey, long messageCount
  72 get-empty server answers 70
    text clusterId
  80 ack both
    longlong deliveryTag, bit multiple
  90 reject client
    longlong deliveryTag, bit requeue
  100 recover-async client
    bit requeue
  110 recover client asks
    bit requeue
  111 recover-ok server answers 110
  120 nack both
    longlong deliveryTag, bit multiple, bit requeue
class 85 confirm
  10 select client asks
    bit noWait
  11 select-ok server answers 10
class 90 tx
  10 select client asks
  11 select-ok server answers 10
  20 commit client asks
  21 commit-ok server answers 20
  30 rollback client asks
  31 rollback-ok server answers 30
`;
