package wire

import (
	"fmt"
	"strings"

	"github.com/miekg/dns"
)

// dnsPort is where name servers listen.
const dnsPort = 53

// dnsText is what a DNS message says, as domain_print() of tcpdump has it: the
// question "A? web.example.", the answer "A 203.0.113.10", or why there is none,
// "NXDomain". It is empty for what is no DNS message, or is cut short.
func dnsText(data []byte) string {
	var m dns.Msg
	if m.Unpack(data) != nil || len(m.Question) != 1 {
		return ""
	}
	asked := m.Question[0]
	kind := dns.Type(asked.Qtype).String()
	switch {
	case !m.Response:
		return fmt.Sprintf("%s? %s", kind, asked.Name)
	case m.Rcode != dns.RcodeSuccess:
		return fmt.Sprintf("%s %s", dnsRefusals[m.Rcode], asked.Name)
	}
	var answers []string
	for _, r := range m.Answer {
		if r.Header().Rrtype == asked.Qtype {
			// What follows the header is the record's data.
			answers = append(answers, kind+" "+strings.TrimPrefix(r.String(), r.Header().String()))
		}
	}
	if answers == nil {
		return fmt.Sprintf("no %s for %s", kind, asked.Name)
	}
	return strings.Join(answers, ", ")
}

// dnsRefusals are tcpdump's names of the response codes (ns_resp in print-domain.c).
var dnsRefusals = map[int]string{
	dns.RcodeFormatError:    "FormErr",
	dns.RcodeServerFailure:  "ServFail",
	dns.RcodeNameError:      "NXDomain",
	dns.RcodeNotImplemented: "NotImp",
	dns.RcodeRefused:        "Refused",
}
