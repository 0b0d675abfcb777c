(* Strict JSON: UTF-8 without byte order mark, no key twice in an object, no NaN, no lone surrogate, at most 32 levels
   deep. Numbers keep their spelling. Not verified. *)
open Fault

type t =
  | Null
  | Bool of bool
  | Int of string (* a number without fraction and exponent *)
  | Real of string (* any other number *)
  | Text of string
  | List of t list
  | Object of (string * t) list

let field name = function Object fields -> List.assoc_opt name fields | _ -> None

let max_bytes = 256 * 1024 * 1024
let max_depth = 32
let max_digits = 4000

(* well-formed UTF-8 (RFC 3629): shortest form, no surrogates, at most U+10FFFF *)
let check_utf8 s =
  let n = String.length s in
  let byte i = if i < n then Char.code s.[i] else 0 in
  let follows i = byte i land 0xc0 = 0x80 in
  let rec go i =
    if i < n then
      let a = byte i and b = byte (i + 1) in
      if a < 0x80 then go (i + 1)
      else if a >= 0xc2 && a < 0xe0 && follows (i + 1) then go (i + 2)
      else if a land 0xf0 = 0xe0 && follows (i + 1) && follows (i + 2)
              && (a > 0xe0 || b >= 0xa0) && (a <> 0xed || b < 0xa0) then go (i + 3)
      else if a >= 0xf0 && a <= 0xf4 && follows (i + 1) && follows (i + 2) && follows (i + 3)
              && (a > 0xf0 || b >= 0x90) && (a < 0xf4 || b < 0x90) then go (i + 4)
      else malformed "" "not UTF-8 text, at byte %d" i in
  if n >= 3 && String.sub s 0 3 = "\xef\xbb\xbf" then malformed "" "begins with a byte order mark";
  go 0

let utf8 code =
  let b = Buffer.create 4 in
  Buffer.add_utf_8_uchar b (Uchar.of_int code);
  Buffer.contents b

let parse s =
  if String.length s > max_bytes then malformed "" "the file is larger than %d bytes" max_bytes;
  check_utf8 s;
  let n = String.length s and at = ref 0 in
  let fail what = malformed "" "not JSON: %s at byte %d" what !at in
  let peek () = if !at < n then s.[!at] else '\000' in
  let rec space () = if !at < n && String.contains " \t\n\r" s.[!at] then (incr at; space ()) in
  let expect c = if !at < n && s.[!at] = c then incr at else fail (Printf.sprintf "expected %C" c) in
  let word w value =
    if !at + String.length w <= n && String.sub s !at (String.length w) = w then (at := !at + String.length w; value)
    else fail "unexpected text" in
  let hex4 () =
    if !at + 4 > n then fail "an escape ends early";
    let digits = String.sub s !at 4 in
    if String.exists (fun c -> not (String.contains "0123456789abcdefABCDEF" c)) digits then fail "a bad escape";
    at := !at + 4;
    int_of_string ("0x" ^ digits) in
  let unicode () =
    let high = hex4 () in
    if high >= 0xdc00 && high <= 0xdfff then fail "half of a surrogate pair";
    if high < 0xd800 || high > 0xdbff then utf8 high
    else begin
      if not (!at + 2 <= n && s.[!at] = '\\' && s.[!at + 1] = 'u') then fail "half of a surrogate pair";
      at := !at + 2;
      let low = hex4 () in
      if low < 0xdc00 || low > 0xdfff then fail "half of a surrogate pair";
      utf8 (0x10000 + ((high - 0xd800) lsl 10) + (low - 0xdc00))
    end in
  let text () =
    let b = Buffer.create 16 in
    let rec go () =
      if !at >= n then fail "a string does not end";
      let c = s.[!at] in
      incr at;
      match c with
      | '"' -> ()
      | '\\' ->
          let e = peek () in
          incr at;
          Buffer.add_string b
            (match e with
             | '"' | '\\' | '/' -> String.make 1 e
             | 'b' -> "\b" | 'f' -> "\012" | 'n' -> "\n" | 'r' -> "\r" | 't' -> "\t"
             | 'u' -> unicode ()
             | _ -> fail "a bad escape");
          go ()
      | c when Char.code c < 32 -> fail "a control character in a string"
      | c -> Buffer.add_char b c; go () in
    expect '"';
    go ();
    Buffer.contents b in
  let digits () =
    let from = !at in
    while !at < n && s.[!at] >= '0' && s.[!at] <= '9' do incr at done;
    if !at = from then fail "expected a digit" in
  let number () =
    let from = !at and whole = ref true in
    if peek () = '-' then incr at;
    if peek () = '0' then incr at else digits ();
    if peek () = '.' then (whole := false; incr at; digits ());
    if peek () = 'e' || peek () = 'E' then begin
      whole := false;
      incr at;
      if peek () = '+' || peek () = '-' then incr at;
      digits ()
    end;
    let spelled = String.sub s from (!at - from) in
    if not !whole then Real spelled
    else if String.length spelled > max_digits then malformed "" "an integer has more than %d digits" max_digits
    else Int spelled in
  let rec value depth =
    if depth > max_depth then malformed "" "nested deeper than %d levels" max_depth;
    space ();
    let v =
      match peek () with
      | '{' -> incr at; space (); if peek () = '}' then (incr at; Object []) else members depth []
      | '[' -> incr at; space (); if peek () = ']' then (incr at; List []) else items depth []
      | '"' -> Text (text ())
      | 't' -> word "true" (Bool true)
      | 'f' -> word "false" (Bool false)
      | 'n' -> word "null" Null
      | _ -> number () in
    space ();
    v
  and items depth found =
    let found = value (depth + 1) :: found in
    if peek () = ',' then (incr at; items depth found) else (expect ']'; List (List.rev found))
  and members depth found =
    space ();
    let key = text () in
    space ();
    expect ':';
    let found = (key, value (depth + 1)) :: found in
    if peek () = ',' then (incr at; members depth found)
    else begin
      expect '}';
      let keys = List.sort compare (List.map fst found) in
      let rec twice = function
        | a :: (b :: _ as rest) -> if a = b then malformed "" "the key %S occurs twice in one object" a else twice rest
        | _ -> () in
      twice keys;
      Object (List.rev found)
    end in
  let v = value 0 in
  if !at < n then fail "more text";
  v
