(* exp, log and sums of them between integers in units of 2^-256, as the kernel computes them. Not verified: they are what is
   proposed to the verified checkers, and what a claim's numbers are compared with after these have accepted them. *)
open Fault

let places = 256
let stated = 128
let unit = Z.shift_left Z.one places
let up a b = Z.cdiv a b
let down a b = Z.fdiv a b

type bounds = Z.t * Z.t
let exact (q : Q.t) : bounds = let a = Z.shift_left q.Q.num places in (down a q.Q.den, up a q.Q.den)
let plus = List.fold_left (fun (a, b) (c, d) -> (Z.add a c, Z.add b d)) (Z.zero, Z.zero)
let times (q : Q.t) ((lo, hi) : bounds) : bounds =
  let lo, hi = if Q.sign q >= 0 then (lo, hi) else (hi, lo) in
  (down (Z.mul lo q.Q.num) q.Q.den, up (Z.mul hi q.Q.num) q.Q.den)
let lower_end (lo, _) = Q.make (Z.shift_right lo (places - stated)) (Z.shift_left Z.one stated)
(* rounded outward to 128 places *)
let scaled q x =
  let lo, hi = times q x in
  (lower_end (lo, hi), Q.neg (lower_end (Z.neg hi, Z.neg lo)))

let rec exp (q : Q.t) : bounds =
  if Q.lt q (Q.of_int (-8192)) then (Z.zero, Z.one)
  else if Q.gt q (Q.of_int 8192) then raise (Declined "the exponential of a number beyond 8192")
  else if Q.sign q < 0 then let lo, hi = exp (Q.neg q) in (down (Z.mul unit unit) hi, up (Z.mul unit unit) lo)
  else begin
    let s = Z.numbits (Z.div (Z.mul (Z.of_int 2) q.Q.num) q.Q.den) in
    let a = Z.shift_left q.Q.num places and b = Z.shift_left q.Q.den s in
    let x = down a b and y = up a b in
    let term = ref unit and above = ref unit and lo = ref Z.zero and hi = ref Z.zero in
    for k = 1 to 50 do
      lo := Z.add !lo !term;
      hi := Z.add !hi !above;
      term := Z.shift_right (down (Z.mul !term x) (Z.of_int k)) places;
      above := up (Z.mul !above y) (Z.shift_left (Z.of_int k) places)
    done;
    hi := Z.add !hi (Z.mul (Z.of_int 2) !above);
    for _ = 1 to s do
      lo := Z.shift_right (Z.mul !lo !lo) places;
      hi := up (Z.mul !hi !hi) unit
    done;
    (!lo, !hi)
  end

let area_tangent t : bounds =
  let x, y = exact t in
  let power = ref x and above = ref y and lo = ref Z.zero and hi = ref Z.zero in
  let square = Z.shift_right (Z.mul x x) places and square_above = up (Z.mul y y) unit in
  for j = 0 to 81 do
    let k = Z.of_int ((2 * j) + 1) in
    lo := Z.add !lo (down !power k);
    hi := Z.add !hi (up !above k);
    power := Z.shift_right (Z.mul !power square) places;
    above := up (Z.mul !above square_above) unit
  done;
  (!lo, Z.add !hi !above)

let double (a, b) = (Z.mul (Z.of_int 2) a, Z.mul (Z.of_int 2) b)
let log_two = lazy (double (area_tangent (Q.of_ints 1 3)))
let log (y : Q.t) : bounds =
  let k = Z.numbits y.Q.num - Z.numbits y.Q.den in
  let top, bottom = if k >= 0 then (y.Q.num, Z.shift_left y.Q.den k) else (Z.shift_left y.Q.num (-k), y.Q.den) in
  let k, top = if Z.lt top bottom then (k - 1, Z.mul (Z.of_int 2) top) else (k, top) in
  let lo, hi = double (area_tangent (Q.make (Z.sub top bottom) (Z.add top bottom))) in
  let a, b = Lazy.force log_two in
  let a, b = if k >= 0 then (a, b) else (b, a) in
  (Z.add (Z.mul (Z.of_int k) a) lo, Z.add (Z.mul (Z.of_int k) b) hi)

let log_sum_exp z =
  let most = List.fold_left Q.max (List.hd z) z in
  let lo, hi = plus (List.map (fun each -> exp (Q.sub each most)) z) in
  plus [ (fst (log (Q.make lo unit)), snd (log (Q.make hi unit))); exact most ]

(* 1 / (1 + e^-a) *)
let logistic a =
  let lo, hi = exp (Q.neg a) in
  (down (Z.mul unit unit) (Z.add unit hi), up (Z.mul unit unit) (Z.add unit lo))

(* a number on that side of what is enclosed, with few binary places; what is known exactly is given so *)
let outside given above (lo, hi) =
  if Z.equal lo hi then Q.make lo unit
  else
    let end_ = Z.shift_right (if above then hi else lo) (places - given) in
    Q.make (Z.add end_ (Z.of_int (if above then 2 else -1))) (Z.shift_left Z.one given)

(* a number rounded to that side: to six places; below 1/1000, to four digits *)
let end_of above (x : Q.t) =
  let ten k = Z.pow (Z.of_int 10) k in
  if Q.sign x = 0 then "0"
  else begin
    let small = Q.lt (Q.abs x) (Q.of_ints 1 1000) in
    let power = if small then String.length (Z.to_string (Z.div x.Q.den (Z.abs x.Q.num))) else 3 in
    let digits = Z.abs ((if above then up else down) (Z.mul x.Q.num (ten (power + 3))) x.Q.den) in
    let digits, power = if small && Z.equal digits (ten 4) then (ten 3, power - 1) else (digits, power) in
    let whole, rest = Z.div_rem digits (ten (if small then 3 else 6)) in
    let minus = if Q.sign x < 0 then "-" else "" in
    if small then Printf.sprintf "%s%s.%03de-%d" minus (Z.to_string whole) (Z.to_int rest) power
    else Printf.sprintf "%s%s.%06d" minus (Z.to_string whole) (Z.to_int rest)
  end

(* the decimal digits that both ends share, as the kernel prints them *)
let rec decimals lower upper =
  if Q.equal lower upper then Q.to_string lower
  else begin
    let negative = Q.sign upper < 0 in
    let minus = if negative then "-" else "" in
    let near, far = if negative then (Q.abs upper, Q.abs lower) else (Q.abs lower, Q.abs upper) in
    let ten k = Q.of_bigint (Z.pow (Z.of_int 10) k) in
    let small = Q.sign lower * Q.sign upper > 0 && Q.lt far (Q.inv (ten 6)) in
    let power = if small then String.length (Z.to_string (Z.div far.Q.den far.Q.num)) else 0 in
    let digits = if small then decimals Q.(near * ten power) Q.(far * ten power) else "[" in
    if digits.[0] <> '[' then Printf.sprintf "%s%se-%d" minus digits power
    else begin
      let cut (x : Q.t) = Z.div (Z.mul x.Q.num (Z.pow (Z.of_int 10) 20)) x.Q.den in
      let rec go low high places =
        if places < 0 then None
        else if Z.equal low high && Z.sign low <> 0 && (negative || Q.sign lower >= 0) then begin
          let text = Z.to_string low in
          let text = String.make (max 0 (places + 1 - String.length text)) '0' ^ text in
          let n = String.length text in
          Some (minus ^ if places > 0 then String.sub text 0 (n - places) ^ "." ^ String.sub text (n - places) places ^ ".." else text ^ "..")
        end
        else go (Z.div low (Z.of_int 10)) (Z.div high (Z.of_int 10)) (places - 1) in
      match go (cut near) (cut far) 20 with
      | Some text -> text
      | None -> Printf.sprintf "[%s, %s]" (end_of false lower) (end_of true upper)
    end
  end
