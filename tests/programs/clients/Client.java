// SPDX-License-Identifier: MIT
// usage: java Client.java WAY HOST PORT: write http://HOST:PORT/pattern to standard output
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.net.HttpURLConnection;
import java.net.InetSocketAddress;
import java.net.URL;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;

class Client {
	static void http(String host, int port) throws IOException {
		URL url = new URL("http", host, port, "/pattern");
		HttpURLConnection connection = (HttpURLConnection) url.openConnection();

		try (InputStream body = connection.getInputStream()) {
			body.transferTo(System.out);
		}
		System.out.flush();
	}

	// Registered with the selector before it connects.
	static void nio(String host, int port) throws IOException {
		ByteBuffer request =
			ByteBuffer.wrap("GET /pattern\r\n".getBytes(StandardCharsets.US_ASCII));
		ByteBuffer data = ByteBuffer.allocate(4096);

		try (Selector selector = Selector.open(); SocketChannel channel = SocketChannel.open()) {
			channel.configureBlocking(false);
			SelectionKey key = channel.register(selector, SelectionKey.OP_CONNECT);
			channel.connect(new InetSocketAddress(host, port));
			while (selector.select() >= 0) {
				selector.selectedKeys().clear();
				if (key.isConnectable() && channel.finishConnect())
					key.interestOps(SelectionKey.OP_WRITE);
				else if (key.isWritable() && channel.write(request) >= 0 && !request.hasRemaining())
					key.interestOps(SelectionKey.OP_READ);
				else if (key.isReadable() && !pour(channel, data))
					return;
			}
		}
	}

	static boolean pour(SocketChannel channel, ByteBuffer data) throws IOException {
		int size;

		while ((size = channel.read(data.clear())) > 0)
			System.out.write(data.array(), 0, size);
		System.out.flush();
		return size == 0;
	}

	public static void main(String[] arguments) throws IOException {
		int port = Integer.parseInt(arguments[2]);

		if (arguments[0].equals("http"))
			http(arguments[1], port);
		else
			nio(arguments[1], port);
	}
}
