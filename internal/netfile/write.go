package netfile

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strconv"

	"nstutor/internal/replica"
)

// Write writes a network as text.
func (f File) Write(to io.Writer) error {
	w := bufio.NewWriter(to)
	fmt.Fprintf(w, "%s%d\n", Heading, Version)
	if a := f.Asked; a != nil {
		fmt.Fprintf(w, "ask %s %s %s %d\n", quoted(a.From), a.Proto, quoted(a.Dest.String()), a.Port)
		if c := a.Came; c != nil {
			fmt.Fprintf(w, "came %s %s %s\n", c.Outcome, whom(c.From), c.Waited)
		}
	}
	for _, m := range f.lacks() {
		fmt.Fprintf(w, "lacks %s %s %s %s\n", quoted(m.Netns), m.What, quoted(m.Name), quoted(m.Err))
	}
	common := shared(f.Network.Spaces)
	for _, s := range common {
		fmt.Fprintf(w, "setting %s %s\n", s.Path, quoted(s.Value))
	}
	for i := range f.Network.Spaces {
		f.writeSpace(w, &f.Network.Spaces[i], i, common)
	}
	fmt.Fprintf(w, "\n%s\n", ending)
	return w.Flush()
}

// nobody is in the place of an address that there is not.
const nobody = "-"

func whom(addr netip.Addr) string {
	if !addr.IsValid() {
		return nobody
	}
	return addr.String()
}

// lacks is what the network does not have, and what a file has no words for: tables of
// iptables-legacy are bytes that nobody can read.
func (f File) lacks() []replica.Omission {
	all := slices.Clone(f.Network.Missing)
	for _, s := range f.Network.Spaces {
		for _, t := range s.Legacy {
			all = append(all, replica.Omission{Netns: s.Name, What: replica.Legacy, Name: t.Name()})
		}
	}
	return all
}

// shared are the settings that all namespaces have alike.
func shared(spaces []replica.Space) (all []replica.Setting) {
	count := map[replica.Setting]int{}
	for _, s := range spaces {
		for _, setting := range s.Settings {
			count[setting]++
		}
	}
	if len(spaces) == 0 {
		return nil
	}
	for _, setting := range spaces[0].Settings {
		if count[setting] == len(spaces) {
			all = append(all, setting)
		}
	}
	return all
}

func (f File) writeSpace(w io.Writer, s *replica.Space, here int, common []replica.Setting) {
	fmt.Fprintf(w, "\nnamespace %s\n", quoted(s.Name))
	known := map[replica.Setting]bool{}
	for _, setting := range common {
		known[setting] = true
	}
	for _, setting := range s.Settings {
		if !known[setting] {
			fmt.Fprintf(w, "setting %s %s\n", setting.Path, quoted(setting.Value))
		}
	}
	for _, l := range s.Links {
		where := "here"
		switch {
		case l.At == replica.Elsewhere:
			where = "away"
		case l.At != here:
			where = "in=" + quoted(f.Network.Spaces[l.At].Name)
		}
		if r, ok := linkRow.rowOf(l.Message); ok {
			fmt.Fprintf(w, "link %s %s\n", where, linkRow.told(r))
		}
		if l.VLANs != nil {
			r, _ := vlanRow.rowOf(l.VLANs)
			fmt.Fprintf(w, "vlans %s\n", vlanRow.told(r))
		}
	}
	for _, t := range rows {
		for _, message := range *t.in(s) {
			if r, ok := t.of.rowOf(message); ok {
				fmt.Fprintf(w, "%s %s\n", t.word, t.of.told(r))
			}
		}
	}
	for _, policy := range s.Policies {
		fmt.Fprintf(w, "policy 0x%s\n", hex.EncodeToString(policy))
	}
	for _, set := range s.Sets {
		r, _ := ipsetRow.rowOf(set.Attrs)
		fmt.Fprintf(w, "ipset %d %s\n", set.Index, ipsetRow.told(r))
		for _, entry := range set.Entries {
			r, _ := ipsetEntry.rowOf(entry)
			fmt.Fprintf(w, "ipset-entry %s\n", ipsetEntry.told(r))
		}
	}
	for _, t := range objects {
		for _, o := range *t.in(&s.Filter) {
			r, _ := t.of.rowOf(o.Attrs)
			fmt.Fprintf(w, "%s %s %s\n", t.word, strconv.Itoa(int(o.Family)), t.of.told(r))
		}
	}
	for _, l := range s.Listeners {
		fmt.Fprintf(w, "listens %s %s", l.Proto, l.At)
		for _, told := range socketWords {
			if *told.in(&l) {
				fmt.Fprint(w, " ", told.word)
			}
		}
		fmt.Fprintln(w)
	}
}
