#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# usage: client.pl WAY HOST PORT: write http://HOST:PORT/pattern to standard output
use strict;
use warnings;
use HTTP::Tiny;
use IO::Socket::INET;
use IO::Socket::IP;

my ($way, $host, $port) = @ARGV;
binmode STDOUT;
if ($way eq 'http') {
	my $response = HTTP::Tiny->new->get("http://$host:$port/pattern");
	die "$response->{status} $response->{content}" unless $response->{success};
	print $response->{content};
	exit;
}
my $class = $way eq 'ip' ? 'IO::Socket::IP' : 'IO::Socket::INET';
my $socket = $class->new(PeerHost => $host, PeerPort => $port, Timeout => 20)
	or die "$class: $@";
print $socket "GET /pattern\r\n";
local $/;
print <$socket>;
