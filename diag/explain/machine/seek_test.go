package machine

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// seekIn seeks a number in a list, and counts how many places were asked about.
func seekIn(list []int, wanted int) (place, asked int) {
	seen := map[int]bool{}
	place = seek(len(list), wanted, func(places []int) []int {
		ids := make([]int, len(places))
		for i, p := range places {
			ids[i], seen[p] = list[p], true
		}
		return ids
	})
	return place, len(seen)
}

func TestSeekFindsWhateverIsThere(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	rising := make([]int, 1000)
	for i := range rising {
		rising[i] = i
	}
	falling := slices.Clone(rising)
	slices.Reverse(falling)
	shuffled := slices.Clone(rising)
	random.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	strangers := slices.Clone(rising)
	for range 300 {
		strangers[random.IntN(len(strangers))] = -2
	}
	recycled := slices.Clone(rising)
	slices.Reverse(recycled[200:300])
	for name, list := range map[string][]int{
		"nothing": {}, "one": {7}, "two": {7, 3}, "all the same": {-2, -2, -2}, "rising": rising, "falling": falling,
		"shuffled": shuffled, "with strangers": strangers, "recycled": recycled,
		"the node first": append([]int{-2}, rising...), "the node last": append(slices.Clone(falling), -2),
		"one among strangers": append(slices.Repeat([]int{-2}, 500), append([]int{0}, slices.Repeat([]int{-2}, 300)...)...),
	} {
		for wanted := 0; wanted < 1001; wanted++ {
			want := slices.Contains(list, wanted)
			place, asked := seekIn(list, wanted)
			if want && (place < 0 || list[place] != wanted) || !want && place >= 0 {
				t.Fatalf("%s: %d is found at %d", name, wanted, place)
			}
			if !want && asked != len(list) {
				t.Fatalf("%s: %d is said not to be there, and %d of %d were asked about", name, wanted, asked, len(list))
			}
		}
	}
}

func TestSeekAsksFewInAListInOrder(t *testing.T) {
	for _, n := range []int{10, 100, 1000, 10000} {
		var list []int
		for i := range n {
			list = append(list, i*3/2) // with gaps, which the dead have left
		}
		list = append(list, -2) // the node itself
		slices.Reverse(list)
		for _, wanted := range []int{0, 1, 3, n / 2 * 3 / 2, list[1]} {
			if place, asked := seekIn(list, wanted); place < 0 || asked > 12 {
				t.Errorf("%d of %d namespaces were asked about for number %d (found at %d)", asked, n, wanted, place)
			}
		}
	}
}
