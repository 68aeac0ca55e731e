package world

import (
	"nstutor/internal/change"
)

// Service is an address that a node translates, by rules of a table svc of its own.
type Service struct {
	Addr string // nobody's
	Port string // as rules have it: "tcp dport 80"
}

// NFT is one line as for nft(8), made over netlink: see change.NFT.
func (w *World) NFT(netns string, lines ...string) {
	for _, line := range lines {
		w.Make(change.NFTLine(netns, line))
	}
}

// Services makes the table, with a chain at each hook where translations may be.
func (w *World) Services(netns string) {
	w.NFT(netns, "add table ip svc",
		"add chain ip svc prerouting { type nat hook prerouting priority dstnat; }",
		"add chain ip svc output { type nat hook output priority dstnat; }",
		"add chain ip svc postrouting { type nat hook postrouting priority srcnat; }")
}

// To is the rule that sends what is for the service on, at the end of a chain.
func (s Service) To(chain, target string) string {
	return "add rule ip svc " + chain + " ip daddr " + s.Addr + " " + s.Port + " counter dnat to " + target
}
