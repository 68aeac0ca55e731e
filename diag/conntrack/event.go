package conntrack

import (
	"fmt"
	"strings"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"nstutor/diag/attr"
	"nstutor/diag/netfilter/nfnl"
	"nstutor/internal/nsenter"
	"nstutor/internal/say"
)

// Event is what happened to an entry.
type Event struct {
	Kind string // "NEW", "UPDATE" or "DESTROY"
	Entry
	Timeout uint32 // in seconds, until it is forgotten; 0: not told
	Assured bool   // it is not forgotten early (IPS_ASSURED)
}

// Line is the event as `conntrack -E` prints it.
func (e Event) Line() string { return strings.Join(e.Parts(), " ") }

// Parts are the three parts of its line: what happened, the packet's own addresses, and
// those that its answers have.
func (e Event) Parts() []string {
	words := []string{fmt.Sprintf("%9s %-8s %d", "["+e.Kind+"]", e.Original.Name(), e.Original.Proto)}
	if e.Timeout != 0 {
		words = append(words, fmt.Sprint(e.Timeout))
	}
	if e.State != "" {
		words = append(words, e.State)
	}
	answers := e.Reply.String()
	if !e.Answered {
		answers = "[UNREPLIED] " + answers
	}
	if e.Assured {
		answers += " [ASSURED]"
	}
	return []string{strings.Join(words, " "), e.Original.String(), answers}
}

// Listener hears the events of one namespace.
type Listener struct {
	ns  *nsenter.Namespace
	ear *nfnl.Ear
}

// Listen begins to hear. Where nobody has listened before, entries that are there
// already are not announced (nf_conntrack_events is 2 by itself: from the first
// listener on).
func Listen(ns *nsenter.Namespace) (*Listener, error) {
	ear, err := nfnl.Listen(ns, unix.NFNLGRP_CONNTRACK_NEW, unix.NFNLGRP_CONNTRACK_UPDATE, unix.NFNLGRP_CONNTRACK_DESTROY)
	if err != nil {
		return nil, say.At(ns.Name(), say.At("conntrack", err))
	}
	return &Listener{ns, ear}, nil
}

// Close stops hearing.
func (l *Listener) Close() { l.ear.Close() }

// Pending is what was heard since it was last asked for.
func (l *Listener) Pending() (all []Event, err error) {
	heard, err := l.ear.Pending()
	if err != nil {
		return nil, say.At(l.ns.Name(), say.At("conntrack", err))
	}
	for _, a := range heard {
		if e, ok := parseEvent(a); ok {
			all = append(all, e)
		}
	}
	return all, nil
}

// Lines are the events that were heard since, as conntrack prints them.
func (l *Listener) Lines() (lines []string, err error) {
	events, err := l.Pending()
	for _, e := range events {
		lines = append(lines, e.Line())
	}
	return lines, err
}

// What package nl does not have of <linux/netfilter/nf_conntrack_common.h>.
const assured = 1 << 2 // IPS_ASSURED

// tcpStates are those of <linux/netfilter/nf_conntrack_tcp.h>, as conntrack(8) spells them.
var tcpStates = []string{"NONE", "SYN_SENT", "SYN_RECV", "ESTABLISHED", "FIN_WAIT", "CLOSE_WAIT", "LAST_ACK", "TIME_WAIT", "CLOSE", "SYN_SENT2"}

// parseEvent reads what ctnetlink_conntrack_event() wrote: one message type stands for
// what is new and for what has changed.
func parseEvent(a nfnl.Announcement) (e Event, ok bool) {
	e.Entry, ok = parse(a.Attrs)
	switch {
	case a.Kind == nl.IPCTNL_MSG_CT_DELETE:
		e.Kind = "DESTROY"
	case a.Flags&(unix.NLM_F_CREATE|unix.NLM_F_EXCL) != 0:
		e.Kind = "NEW"
	default:
		e.Kind = "UPDATE"
	}
	for kind, value := range attr.All(a.Attrs) {
		switch kind {
		case nl.CTA_STATUS:
			e.Assured = number(value)&assured != 0
		case nl.CTA_TIMEOUT:
			e.Timeout = number(value)
		}
	}
	return e, ok
}

func tcpState(info []byte) string {
	for kind, tcp := range attr.All(info) {
		if kind != nl.CTA_PROTOINFO_TCP {
			continue
		}
		for kind, value := range attr.All(tcp) {
			if kind == nl.CTA_PROTOINFO_TCP_STATE && len(value) > 0 && int(value[0]) < len(tcpStates) {
				return tcpStates[value[0]]
			}
		}
	}
	return ""
}
