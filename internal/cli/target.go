package cli

import (
	"net"
	"net/netip"
	"strconv"
	"strings"

	"nstutor/diag/probe"
	"nstutor/internal/say"

	"golang.org/x/sys/unix"
)

// target is what explain is asked about: a ping, a TCP connection, or a datagram.
type target struct {
	proto byte // IPPROTO_TCP or IPPROTO_UDP; 0: a ping
	host  string
	port  uint16
	url   string // to get once the connection opens; empty: nothing
}

// defaultPorts are the ports of the schemes that have one.
var defaultPorts = map[string]string{"http": "80"}

// parseTarget takes ADDR or NAME for a ping, HOST:PORT and tcp://HOST:PORT for a
// connection, udp://HOST:PORT for a datagram, and http://HOST[:PORT][/PATH] for a
// connection and what is answered on it.
func parseTarget(text string) (target, error) {
	scheme, rest, hasScheme := strings.Cut(text, "://")
	if !hasScheme {
		host, port, err := net.SplitHostPort(text)
		if err != nil {
			return target{host: text}, pingable(text)
		}
		return portTarget(text, unix.IPPROTO_TCP, host, port)
	}
	proto := byte(unix.IPPROTO_TCP)
	switch scheme {
	case "udp":
		proto = unix.IPPROTO_UDP
	case "tcp", "http":
	default:
		return target{}, say.Err("%q: explain knows tcp://, udp:// and http://", "%q：explain 只认识 tcp://、udp:// 和 http://", text)
	}
	t := target{}
	if scheme == "http" {
		address, err := probe.ParseURL(text)
		if err != nil || address.Hostname() == "" {
			return t, say.Err("%q is no URL that explain can read: write http://HOST:PORT/PATH", "%q 不是 explain 能读的 URL：请写成 http://HOST:PORT/PATH", text)
		}
		rest, t.url = address.Host, text
	}
	host, port, err := net.SplitHostPort(rest)
	if err != nil && defaultPorts[scheme] != "" {
		host, port, err = strings.Trim(rest, "[]"), defaultPorts[scheme], nil
	}
	if err != nil {
		return t, say.Err("%q names no port: write %s://HOST:PORT", "%q 没有写端口：请写成 %s://HOST:PORT", text, scheme)
	}
	asked, err := portTarget(text, proto, host, port)
	asked.url = t.url
	return asked, err
}

// portTarget is a target with a port, which is a number.
func portTarget(text string, proto byte, host, port string) (target, error) {
	t := target{proto: proto, host: host}
	if host == "" {
		return t, say.Err("%q names no host: write HOST:%s", "%q 没有写主机：请写成 HOST:%s", text, port)
	}
	if err := named(host); err != nil {
		return t, err
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil || number == 0 {
		return t, say.Err("%q: a port is a number from 1 to 65535", "%q：端口是 1 到 65535 之间的数", text)
	}
	t.port = uint16(number)
	return t, nil
}

// pingable is what is wrong with a destination without a port.
func pingable(text string) error {
	if text == "" {
		return say.Err("explain takes one destination, an address or a name; see `nstutor explain --help`", "explain 需要且只需要一个目标（地址或名称）；见 `nstutor explain --help`")
	}
	if _, err := netip.ParsePrefix(text); err == nil {
		return say.Err("%q is a prefix; explain takes one address", "%q 是网段；explain 只接受单个地址", text)
	}
	return named(text)
}

// named is what is wrong with a host that is neither an address nor can be a name:
// numbers with dots between them are none (inet_aton(3)), nor is what has a colon.
func named(host string) error {
	if _, err := netip.ParseAddr(host); err == nil {
		return nil
	}
	if strings.Contains(host, ":") || strings.Trim(host, "0123456789.") == "" {
		return say.Err("%q is no address, and no name can be so", "%q 不是地址，也不可能是名称", host)
	}
	return nil
}
