package labtest

import (
	"net"
	"os"
	"path/filepath"
	"strings"

	"github.com/miekg/dns"

	"nstutor/internal/nsenter"
)

// NameServer answers on an address inside ns until the test ends.
func (w *Trio) NameServer(ns *nsenter.Namespace, address string) {
	w.T.Helper()
	var udp net.PacketConn
	var tcp net.Listener
	w.Must(ns.Do(func() (err error) {
		if udp, err = net.ListenPacket("udp", address); err != nil {
			return err
		}
		tcp, err = net.Listen("tcp", address)
		return err
	}))
	for _, server := range []*dns.Server{
		{PacketConn: udp, Handler: dns.HandlerFunc(answerName)},
		{Listener: tcp, Handler: dns.HandlerFunc(answerName)},
	} {
		ended := make(chan struct{})
		go func() { defer close(ended); server.ActivateAndServe() }()
		w.T.Cleanup(func() { udp.Close(); tcp.Close(); <-ended })
	}
}

// answerName is a zone: each name shows one way to answer.
func answerName(out dns.ResponseWriter, question *dns.Msg) {
	answer := new(dns.Msg).SetReply(question)
	name := question.Question[0].Name
	a := func(address string) dns.RR {
		return &dns.A{Hdr: dns.RR_Header{Name: name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 1}, A: net.ParseIP(address)}
	}
	aaaa := func(address string) dns.RR {
		return &dns.AAAA{Hdr: dns.RR_Header{Name: name, Rrtype: dns.TypeAAAA, Class: dns.ClassINET, Ttl: 1}, AAAA: net.ParseIP(address)}
	}
	_, overTCP := out.RemoteAddr().(*net.TCPAddr)
	answer.Authoritative = name != "lame.example.com."
	isA := question.Question[0].Qtype == dns.TypeA
	isAAAA := question.Question[0].Qtype == dns.TypeAAAA
	switch {
	case name == "silent.example.com.":
		return
	case name == "broken.example.com.":
		answer.Rcode = dns.RcodeServerFailure
	case name == "refused.example.com.":
		answer.Rcode = dns.RcodeRefused
	case (name == "dual.example.com." || name == "six.example.com.") && isAAAA:
		answer.Answer = []dns.RR{aaaa("fd00:2::2")}
	case name == "half.example.com." && isAAAA:
		return
	case name == "empty.example.com.", name == "six.example.com.", name == "lame.example.com.", strings.HasSuffix(name, "example.com.") && !isA && name != "absent.example.com.":
	case name == "www.example.com.", name == "dual.example.com.", name == "half.example.com.", name == "short.search.example.com.":
		answer.Answer = []dns.RR{a("10.2.0.2")}
	case name == "long.example.com.":
		answer.Truncated = !overTCP
		if overTCP {
			answer.Answer = []dns.RR{a("10.2.0.2")}
		}
	default:
		answer.Rcode = dns.RcodeNameError
	}
	out.WriteMsg(answer)
}

// Etc writes a file that programs in ns see in /etc.
func (w *Trio) Etc(ns *nsenter.Namespace, file, text string) {
	w.T.Helper()
	dir := filepath.Join("/etc/netns", ns.Name())
	w.Must(os.MkdirAll(dir, 0o755))
	w.Must(os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644))
	w.T.Cleanup(func() { os.RemoveAll(dir) })
}
