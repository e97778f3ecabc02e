// SPDX-License-Identifier: MIT
// usage: asio-client HOST PORT: write http://HOST:PORT/pattern to standard output
// Boost.Asio registers a socket with epoll (edge-triggered) before it connects.
#include <boost/asio.hpp>
#include <cstdio>
#include <exception>
#include <string>

using boost::asio::ip::tcp;

class client {
public:
	client(boost::asio::io_context &io, const tcp::resolver::results_type &where) : socket(io)
	{
		boost::asio::async_connect(socket, where,
					   [this](auto error, const auto &) { ask(error); });
	}

private:
	void ask(boost::system::error_code error)
	{
		check(error);
		boost::asio::async_write(socket, boost::asio::buffer(request),
					 [this](auto failed, std::size_t) {
						 check(failed);
						 listen();
					 });
	}

	void listen()
	{
		socket.async_read_some(boost::asio::buffer(data), [this](auto error, auto size) {
			if (error == boost::asio::error::eof)
				return;
			check(error);
			std::fwrite(data, 1, size, stdout);
			listen();
		});
	}

	static void check(boost::system::error_code error)
	{
		if (error)
			throw boost::system::system_error(error);
	}

	tcp::socket socket;
	std::string request = "GET /pattern\r\n";
	char data[4096];
};

int main(int argc, char **argv)
try {
	boost::asio::io_context io;
	tcp::resolver resolver(io);

	if (argc != 3)
		return 2;
	client one(io, resolver.resolve(argv[1], argv[2]));
	io.run();
	return 0;
} catch (const std::exception &e) {
	std::fprintf(stderr, "asio-client: %s\n", e.what());
	return 1;
}
