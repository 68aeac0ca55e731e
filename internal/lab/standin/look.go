package standin

import (
	"context"
	"fmt"
	"strings"

	"nstutor/diag/conntrack"
	"nstutor/diag/netfilter"
	"nstutor/diag/netfilter/nftrace"
	"nstutor/diag/table"
	"nstutor/internal/change"
	"nstutor/internal/nsenter"
)

// looks are the command lines that only look, without their options.
var looks = map[string]func(*nsenter.Namespace) ([]string, error){
	"ip addr":          tables(addrLines),
	"ip link":          tables(linkLines),
	"ip route":         tables(routeLines),
	"ip neigh":         tables(neighLines),
	"nft list ruleset": rules,
	"iptables -S":      rules,
	"conntrack -L":     flows,
	"nft monitor trace": func(ns *nsenter.Namespace) ([]string, error) {
		ear, err := nftrace.Listen(ns)
		if err != nil {
			return nil, err
		}
		return nil, follow(ear.Lines)
	},
	"conntrack -E": func(ns *nsenter.Namespace) ([]string, error) {
		ear, err := conntrack.Listen(ns)
		if err != nil {
			return nil, err
		}
		return nil, follow(ear.Lines)
	},
}

// look does what a command line asks to see, if it is one of looks.
func look(netns string, argv []string) (looked bool, err error) {
	line := strings.TrimSuffix(strings.Join(argv, " "), " show")
	show, known := looks[line]
	if !known {
		line, _, _ = strings.Cut(line, " -p ") // conntrack -E -p tcp: all of them, then
		if show, known = looks[line]; !known {
			return false, nil
		}
	}
	var here change.Machine
	defer here.Close()
	ns, err := here.NS(netns)
	if err != nil {
		return true, err
	}
	lines, err := show(ns)
	for _, line := range lines {
		fmt.Println(line)
	}
	return true, err
}

func tables(of func(*table.Snapshot) []string) func(*nsenter.Namespace) ([]string, error) {
	return func(ns *nsenter.Namespace) ([]string, error) {
		snap, err := table.Read(context.Background(), ns, table.ReadOptions{})
		if err != nil {
			return nil, err
		}
		return of(snap), nil
	}
}

func linkLines(s *table.Snapshot) (lines []string) {
	for _, l := range s.Links {
		lines = append(lines, fmt.Sprintf("%d: %s", l.Index, l.Line()), "    "+l.AddressLine())
	}
	return lines
}

func addrLines(s *table.Snapshot) (lines []string) {
	for _, l := range s.Links {
		for _, a := range s.AddrsOn(l.Name) {
			lines = append(lines, "    "+a.Line())
		}
	}
	return lines
}

func routeLines(s *table.Snapshot) (lines []string) {
	for _, r := range s.MainRoutes(4) {
		lines = append(lines, r.Line())
	}
	return lines
}

func neighLines(s *table.Snapshot) (lines []string) {
	for _, n := range s.Neighbours {
		lines = append(lines, n.Line())
	}
	return lines
}

func rules(ns *nsenter.Namespace) ([]string, error) {
	set, err := netfilter.Read(ns)
	if err != nil {
		return nil, err
	}
	return set.Lines(), nil
}

func flows(ns *nsenter.Namespace) (lines []string, err error) {
	all, err := conntrack.List(ns)
	for _, e := range all {
		lines = append(lines, e.String())
	}
	return lines, err
}
