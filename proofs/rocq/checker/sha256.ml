(* SHA-256 (FIPS 180-4) of a string, in hexadecimal. Not verified. Words are 32 bits in OCaml's 63-bit integers. *)
let mask = 0xffffffff
let rotr x n = ((x lsr n) lor (x lsl (32 - n))) land mask

let primes count =
  let rec next found k =
    if List.length found = count then List.rev found
    else if List.exists (fun p -> k mod p = 0) found then next found (k + 1)
    else next (k :: found) (k + 1) in
  next [] 2

(* the first 32 bits of the fractional part of the r-th root of p: floor(p^(1/r) 2^32) mod 2^32 *)
let root_bits r p =
  let scaled = Z.shift_left (Z.of_int p) (32 * r) in
  Z.to_int (Z.logand (Z.root scaled r) (Z.of_int mask))

let start = Array.of_list (List.map (root_bits 2) (primes 8))
let constants = Array.of_list (List.map (root_bits 3) (primes 64))

let padded text =
  let n = String.length text in
  let zeros = (119 - (n mod 64)) mod 64 in
  let length = String.init 8 (fun i -> Char.chr (((n * 8) lsr (8 * (7 - i))) land 255)) in
  text ^ "\x80" ^ String.make zeros '\000' ^ length

let block h text at =
  let w = Array.make 64 0 in
  for t = 0 to 15 do
    let byte i = Char.code text.[at + (4 * t) + i] in
    w.(t) <- (byte 0 lsl 24) lor (byte 1 lsl 16) lor (byte 2 lsl 8) lor byte 3
  done;
  for t = 16 to 63 do
    let a = w.(t - 15) and b = w.(t - 2) in
    let s0 = rotr a 7 lxor rotr a 18 lxor (a lsr 3) and s1 = rotr b 17 lxor rotr b 19 lxor (b lsr 10) in
    w.(t) <- (w.(t - 16) + s0 + w.(t - 7) + s1) land mask
  done;
  let v = Array.copy h in
  for t = 0 to 63 do
    let s1 = rotr v.(4) 6 lxor rotr v.(4) 11 lxor rotr v.(4) 25 in
    let choice = (v.(4) land v.(5)) lxor (lnot v.(4) land mask land v.(6)) in
    let t1 = v.(7) + s1 + choice + constants.(t) + w.(t) in
    let s0 = rotr v.(0) 2 lxor rotr v.(0) 13 lxor rotr v.(0) 22 in
    let majority = (v.(0) land v.(1)) lxor (v.(0) land v.(2)) lxor (v.(1) land v.(2)) in
    Array.blit v 0 v 1 7;
    v.(4) <- (v.(4) + t1) land mask;
    v.(0) <- (t1 + s0 + majority) land mask
  done;
  Array.iteri (fun i x -> h.(i) <- (h.(i) + x) land mask) v

let hex text =
  let h = Array.copy start and all = padded text in
  for k = 0 to (String.length all / 64) - 1 do block h all (64 * k) done;
  String.concat "" (Array.to_list (Array.map (Printf.sprintf "%08x") h))
