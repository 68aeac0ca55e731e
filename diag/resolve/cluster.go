package resolve

import (
	"bytes"
	"context"
	"net/netip"
	"slices"
	"strings"

	"github.com/miekg/dns"

	"nstutor/internal/nsenter"
	"nstutor/internal/plainfile"
)

// OfCluster are the name servers that a process, or with pid 0 `ip netns exec` in ns, finds in a
// resolv.conf as the kubelet writes it for pods, and the search domain by which it is known to be
// one: svc.DOMAIN (https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/).
func OfCluster(ctx context.Context, ns *nsenter.Namespace, pid int) (servers []netip.Addr, domain string) {
	var resolv []byte
	if pid == 0 {
		resolv, _ = plainfile.Read(namespaceFile(ns, "resolv.conf"))
	} else if read, err := below(ctx, pid, nil, "etc/resolv.conf"); err == nil {
		resolv = read[0]
	}
	return clusterOf(resolv)
}

func clusterOf(resolv []byte) (servers []netip.Addr, domain string) {
	config, err := dns.ClientConfigFromReader(bytes.NewReader(resolv))
	if err != nil {
		return nil, ""
	}
	i := slices.IndexFunc(config.Search, func(domain string) bool { return strings.HasPrefix(domain, "svc.") })
	if i < 0 {
		return nil, ""
	}
	for _, server := range serversOf(config) {
		servers = append(servers, server.Addr())
	}
	return servers, config.Search[i]
}
