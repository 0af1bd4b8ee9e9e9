package text

import (
	"strings"
	"unicode"
)

// tallied is how many letters of a text are looked at.
const tallied = 120

// scripts are the languages that are told by their letters alone, with the
// share of the letters that is enough. Japanese is written with Chinese
// characters among its own, Korean rarely so.
var scripts = []struct {
	language string
	from, to rune
	one      int // in how many letters is enough
}{
	{"ja", 0x3041, 0x30FF, 5}, {"ko", 0xAC00, 0xD7AF, 4}, {"ru", 0x0400, 0x052F, 2}, {"ar", 0x0600, 0x06FF, 2}, {"th", 0x0E00, 0x0E7F, 2},
	{"he", 0x0590, 0x05FF, 2}, {"hi", 0x0900, 0x097F, 2}, {"el", 0x0370, 0x03FF, 2},
}

// small are short words that stand in nearly every sentence of a language that
// is written in Latin letters, and in few of another.
var small = func() map[string][]string {
	m := map[string][]string{}
	for language, list := range map[string]string{
		"en": "the and is my not have has to you it this was for with on that your i be are of no",
		"es": "el la los las que no es mi una por con para se del ha muy pero está ya me su",
		"fr": "le la les des est pas une mon je vous pour que dans avec sur ne mais ma votre ai et c'est j'ai du",
		"de": "der die das ist nicht ich mein und ein eine sie für mit auf wurde habe zu meine den kein es",
		"pt": "o os as que não é meu minha uma por com para do da foi mas em seu está no na",
		"it": "il che non è mio mia una per con sono di gli del della ho ma si la le",
		"nl": "de het een niet is mijn van en ik met voor op dat zijn wordt maar geen",
		"id": "yang dan saya tidak di ini untuk dengan sudah belum bisa dari akun ke",
		"vi": "tôi không và của là được cho có các đã này khi tiền bị",
		"tr": "bir ve bu için değil benim ile çok hesap ama ne de da yok",
	} {
		for _, w := range strings.Fields(list) {
			m[w] = append(m[w], language)
		}
	}
	return m
}()

// Language guesses the language of a text from its script and, for Latin
// script, from its commonest words: an ISO 639-1 code, "" if there are too few
// letters to tell. Latin script counts by the word, since one Han character
// says about half as much as a Latin word: a text of both is Chinese when it
// has at least half as many Han characters as Latin words. Latin script is
// English unless the small words of another language stand in it twice and
// outnumber the English ones.
func Language(s string) string {
	var by [8]int
	han, latin, words, seen := 0, 0, 0, 0
	inWord := false
	for _, r := range s {
		wasWord := inWord
		inWord = false
		switch {
		case r < 0x80:
			if r|0x20 < 'a' || r|0x20 > 'z' {
				continue
			}
			latin++
			inWord = true
		case r >= 0x3400 && r <= 0x9FFF, r >= 0xF900 && r <= 0xFAFF, r >= 0x20000 && r < 0x30000:
			han++
		case r >= 0xC0 && r <= 0x24F && r != '×' && r != '÷', r >= 0x1E00 && r <= 0x1EFF, r >= 0xFF21 && r <= 0xFF5A:
			latin++
			inWord = true
		default:
			if i := scriptOf(r); i >= 0 {
				by[i]++
			} else {
				continue
			}
		}
		if inWord && !wasWord {
			words++
		}
		if seen++; seen == tallied {
			break
		}
	}
	return decide(s, by, han, latin, words)
}

func scriptOf(r rune) int {
	for i := range scripts {
		if r >= scripts[i].from && r <= scripts[i].to && unicode.IsLetter(r) {
			return i
		}
	}
	return -1
}

func decide(s string, by [8]int, han, latin, words int) string {
	total := han + latin
	for _, n := range by {
		total += n
	}
	if total < 2 {
		return ""
	}
	for i, x := range scripts[:2] {
		if by[i]*x.one > total {
			return x.language
		}
	}
	if han > 0 && han*2 >= words {
		return "zh"
	}
	for i, x := range scripts[2:] {
		if by[i+2]*x.one > total {
			return x.language
		}
	}
	return ofLatin(s)
}

// ofLatin counts small words.
func ofLatin(s string) string {
	votes := map[string]int{}
	n := 0
	for len(s) > 0 && n < 40 {
		start := strings.IndexFunc(s, unicode.IsLetter)
		if start < 0 {
			break
		}
		s = s[start:]
		end := strings.IndexFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && r != '\'' && r != '’' })
		if end < 0 {
			end = len(s)
		}
		if end <= 12 {
			for _, l := range small[strings.ToLower(s[:end])] {
				votes[l]++
			}
		}
		s, n = s[end:], n+1
	}
	best, most := "en", max(votes["en"], 1)
	for _, l := range []string{"es", "fr", "de", "pt", "it", "nl", "id", "vi", "tr"} {
		if votes[l] > most {
			best, most = l, votes[l]
		}
	}
	return best
}
