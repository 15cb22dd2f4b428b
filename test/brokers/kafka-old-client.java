// A client of 2017 (kafka-clients 0.10.2): produces lines `key TAB value` of standard input to a topic,
// consumes as many, and writes them. Arguments: address, topic, codec, [user password].
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;

class KafkaOldClient {
  public static void main(String[] arguments) throws Exception {
    String topic = arguments[1];
    Properties settings = new Properties();
    settings.put("bootstrap.servers", arguments[0]);
    settings.put("client.id", "old-java");
    settings.put("compression.type", arguments[2]);
    settings.put("linger.ms", "100");
    settings.put("group.id", "old-" + topic);
    settings.put("auto.offset.reset", "earliest");
    for (String part : List.of("key", "value")) {
      String common = "org.apache.kafka.common.serialization.String";
      settings.put(part + ".serializer", common + "Serializer");
      settings.put(part + ".deserializer", common + "Deserializer");
    }
    if (arguments.length > 3) {
      settings.put("security.protocol", "SASL_PLAINTEXT");
      settings.put("sasl.mechanism", "PLAIN");
      settings.put("sasl.jaas.config", "org.apache.kafka.common.security.plain.PlainLoginModule required"
          + " username=\"" + arguments[3] + "\" password=\"" + arguments[4] + "\";");
    }
    List<String> lines = new BufferedReader(new InputStreamReader(System.in)).lines().toList();
    try (KafkaProducer<String, String> producer = new KafkaProducer<>(settings)) {
      for (String line : lines) {
        String[] words = line.split("\t", 2);
        producer.send(new ProducerRecord<>(topic, words[0], words[1]));
      }
    }
    try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(settings)) {
      consumer.subscribe(List.of(topic));
      int left = lines.size();
      long end = System.currentTimeMillis() + 60_000;
      while (left > 0 && System.currentTimeMillis() < end) {
        for (ConsumerRecord<String, String> record : consumer.poll(500)) {
          System.out.println(record.key() + "\t" + record.value());
          left--;
        }
      }
    }
  }
}
