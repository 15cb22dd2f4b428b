// Reads lines `q|s API VERSION HEX` (the body of a request or an answer) with Apache's own classes, and
// writes the body as JSON, or `- reason` when this Kafka does not know the version.
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import org.apache.kafka.common.message.ApiMessageType;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.ByteBufferAccessor;

class KafkaRead {
  public static void main(String[] arguments) throws Exception {
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      String[] words = line.split(" ", -1);
      System.out.println(read(words[0].equals("q"), Short.parseShort(words[1]), Short.parseShort(words[2]), words[3]));
    }
  }

  static String read(boolean isRequest, short key, short version, String hex) {
    try {
      ApiMessageType type = ApiMessageType.fromApiKey(key);
      ApiMessage message = isRequest ? type.newRequest() : type.newResponse();
      if (version < message.lowestSupportedVersion() || version > message.highestSupportedVersion()) {
        return "- version";
      }
      ByteBufferAccessor bytes = new ByteBufferAccessor(ByteBuffer.wrap(HexFormat.of().parseHex(hex)));
      message.read(bytes, version);
      if (bytes.remaining() > 0) return "! " + bytes.remaining() + " bytes are left";
      Class<?> converter = Class.forName(message.getClass().getName() + "JsonConverter");
      return converter.getMethod("write", message.getClass(), short.class).invoke(null, message, version).toString();
    } catch (ClassNotFoundException | org.apache.kafka.common.errors.UnsupportedVersionException error) {
      return "- " + error;
    } catch (Exception error) {
      return "! " + error + (error.getCause() == null ? "" : " " + error.getCause());
    }
  }
}
