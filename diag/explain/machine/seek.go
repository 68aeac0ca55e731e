package machine

// seekProbes bounds the guesses: they find one of ten thousand in a list that is
// in order, and cost little where it is in none.
const seekProbes = 32

// seekBatch is how many namespaces are asked about at once when guessing is over.
const seekBatch = 64

// seek finds the place in a list of n namespaces that has the number wanted, or
// -1. ask tells the numbers of the namespaces at some places, negative for those
// that have none.
//
// The kernel gives the lowest free number to the namespace that is connected
// first (alloc_netid() in net/core/net_namespace.c). Pods are mostly connected
// in the order in which they are made, so that in a list in this order, or its
// reverse, the numbers rise or fall and the place can be guessed. Where they do
// not, since numbers of the dead are given anew, all are asked about, beginning
// with those near the guess.
func seek(n, wanted int, ask func(places []int) []int) int {
	if n == 0 {
		return -1
	}
	s := seeker{wanted: wanted, found: -1, ids: make(map[int]int, seekProbes), ask: ask}
	guess := s.guess(n)
	if s.found >= 0 {
		return s.found
	}
	for rest := s.outward(guess, n); len(rest) > 0; {
		batch := rest[:min(seekBatch, len(rest))]
		rest = rest[len(batch):]
		for i, id := range ask(batch) {
			if id == wanted {
				return batch[i]
			}
		}
	}
	return -1
}

// seeker remembers what the namespaces have answered so far.
type seeker struct {
	wanted int
	found  int         // the place that is looked for, once it is found
	ids    map[int]int // by place
	ask    func(places []int) []int
}

// guess narrows the list down between two places, one with a number below the
// wanted one and one with a number above. It returns the place where that is, or
// should have been.
func (s *seeker) guess(n int) int {
	low, lowOK := s.next(0, n, 1)
	high, highOK := s.next(n-1, low, -1)
	for step := 0; s.found < 0 && high-low > 1 && len(s.ids) < seekProbes; step++ {
		first, last := s.ids[low], s.ids[high]
		if !lowOK || !highOK || (s.wanted < first) == (s.wanted < last) {
			break // their order says nothing
		}
		middle := (low + high) / 2
		if step%2 == 0 { // as though the numbers rose evenly
			middle = low + (high-low)*(s.wanted-first)/(last-first)
			middle = min(max(middle, low+1), high-1)
		}
		place, ok := s.next(middle, high, 1)
		if !ok {
			if place, ok = s.next(middle-1, low, -1); !ok {
				return middle
			}
		}
		if (s.ids[place] < s.wanted) == (first < s.wanted) {
			low = place
		} else {
			high = place
		}
	}
	return (low + high) / 2
}

// next is the first place from one on, before end, whose namespace has a number.
// It looks at a few only: those without are strangers here, or the node itself.
func (s *seeker) next(from, end, by int) (place int, ok bool) {
	const few = 4
	place = from
	for range few {
		if s.found >= 0 || place == end {
			break
		}
		id, asked := s.ids[place]
		if !asked {
			id = s.ask([]int{place})[0]
			s.ids[place] = id
		}
		if id == s.wanted {
			s.found = place
		}
		if id >= 0 {
			return place, true
		}
		place += by
	}
	return from, false
}

// outward lists the places that were not asked about, the nearest to one first.
func (s *seeker) outward(from, n int) []int {
	places := make([]int, 0, n)
	add := func(place int) {
		if _, asked := s.ids[place]; !asked && place >= 0 && place < n {
			places = append(places, place)
		}
	}
	for distance := range n {
		if add(from + distance); distance > 0 {
			add(from - distance)
		}
	}
	return places
}
