package lab

import (
	"net"
	"strings"

	"github.com/miekg/dns"

	"nstutor/internal/nsenter"
	"nstutor/internal/say"
)

// nameServer is the DNS server of inet: it knows the names of the lab, and
// answers NXDOMAIN to all others.
type nameServer struct{ udp *dns.Server }

// serveNames starts the server on port 53 of the name server's address.
func serveNames(ns *nsenter.Namespace) (*nameServer, error) {
	address, _, _ := strings.Cut(DNSAddr, "/")
	web, _, _ := strings.Cut(WebAddr, "/")
	zone := map[string]net.IP{dns.Fqdn(WebName): net.ParseIP(web)}

	var conn net.PacketConn
	err := ns.Do(func() (err error) {
		conn, err = net.ListenPacket("udp4", net.JoinHostPort(address, "53"))
		return err
	})
	if err != nil {
		return nil, say.Err("%s: name server: %v", "%s：域名服务器：%v", ns.Name(), err)
	}
	s := &nameServer{udp: &dns.Server{PacketConn: conn, Handler: answer(zone)}}
	go s.udp.ActivateAndServe()
	go func() {
		<-ns.Context().Done()
		conn.Close()
	}()
	return s, nil
}

// Close stops the server.
func (s *nameServer) Close() {
	s.udp.Shutdown()
	s.udp.PacketConn.Close()
}

// answer serves the A records of zone with authority.
func answer(zone map[string]net.IP) dns.HandlerFunc {
	return func(w dns.ResponseWriter, query *dns.Msg) {
		reply := new(dns.Msg)
		reply.SetReply(query)
		reply.Authoritative = true
		reply.Rcode = dns.RcodeNameError
		for _, q := range query.Question {
			ip, ok := zone[strings.ToLower(q.Name)]
			if !ok {
				continue
			}
			reply.Rcode = dns.RcodeSuccess
			if q.Qtype == dns.TypeA {
				reply.Answer = append(reply.Answer, &dns.A{
					Hdr: dns.RR_Header{Name: q.Name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 60},
					A:   ip,
				})
			}
		}
		w.WriteMsg(reply)
	}
}
