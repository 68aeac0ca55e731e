package fields

import (
	"strings"

	"golang.org/x/sys/unix"
)

// FIB is what a field asks the routes of the namespace, such as "fib saddr .
// mark . iif oif" (`fib` in nft(8)); -m addrtype asks the same.
type FIB struct {
	Source  bool   // the way to the packet's source, not to its destination
	Mark    bool   // with the packet's mark
	Dev     string // "iif" or "oif": only that device counts; empty: any
	Result  string // "oif", "oifname" or "type"
	Present bool   // whether there is a result, not which
}

// Present ends the field that asks whether there is a result at all; nft writes
// its values behind the field without: `fib saddr . iif oif missing`.
const Present = " present"

// fibs are all questions by their fields.
var fibs = func() map[Name]FIB {
	all := map[Name]FIB{}
	for _, q := range []FIB{
		{Result: "type"}, {Result: "oif"}, {Result: "oifname"},
		{Result: "oif", Present: true}, {Result: "oifname", Present: true},
	} {
		for _, q.Source = range []bool{false, true} {
			for _, q.Mark = range []bool{false, true} {
				for _, q.Dev = range []string{"", "iif", "oif"} {
					all[q.field()] = q
				}
			}
		}
	}
	return all
}()

func (q FIB) field() Name {
	words := []string{"fib daddr"}
	if q.Source {
		words[0] = "fib saddr"
	}
	if q.Mark {
		words = append(words, "mark")
	}
	if q.Dev != "" {
		words = append(words, q.Dev)
	}
	field := strings.Join(words, " . ") + " " + q.Result
	if q.Present {
		field += Present
	}
	return Name(field)
}

// FIB is the question that the field is, if it is one.
func (f Name) FIB() (FIB, bool) {
	q, ok := fibs[f]
	return q, ok
}

// withFIB adds the fields that ask for routes.
func withFIB(fields map[Name]Info) map[Name]Info {
	for field, q := range fibs {
		switch {
		case q.Present:
			fields[field] = Info{1, false, namesText(map[uint64]string{0: "missing", 1: "exists"})}
		case q.Result == "type":
			fields[field] = Info{4, true, namesText(addrTypes)}
		case q.Result == "oifname":
			fields[field] = Info{unix.IFNAMSIZ, false, deviceText}
		default:
			fields[field] = Info{4, true, NumberText}
		}
	}
	return fields
}
