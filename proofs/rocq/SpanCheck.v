(* The minima at a best affine map for a problem with rational data and a loss with logarithms: that they exist is decided from
   probabilities (rates) with the labels' moments, their risk is enclosed by the entropy of these and by the risk of an affine map nearby. *)
Require Import Reals ZArith QArith Qreals List Lra Lia Arith Bool.
From Symverify Require Import Spec Losses Theorem1 InteriorMinimum LinearAlgebra Construction AttainedMinimum Theorem1Losses SpanMinimum Numbers InteriorCheck TreeBound FunctionBound Gain
  Statements Scale Theorem1Check Enclosure.
Import ListNotations.
Open Scope R_scope.

Definition real_loss (l : log_loss) : convex_loss := match l with Logistic => logistic | CrossEntropy => cross_entropy | Poisson => poisson end.
Lemma real_loss_ok l : value (real_loss l) = value_of_log l.
Proof. destruct l; reflexivity. Qed.

Section Places.
Variable places : BinNums.positive.
Notation exp_high := (exp_high places).
Notation exp_low := (exp_low places).
Notation log_sum_at_most := (log_sum_at_most places).
Notation log_sum_at_least := (log_sum_at_least places).
Notation log_at_most := (log_at_most places).
Notation exp_low_ok := (exp_low_ok places).
Notation exp_high_ok := (exp_high_ok places).
(* ---- risks: for each exponential or logarithm in the loss a number on the right side of it ---- *)
(* where exponentials begin: at the least number, so that none is a reciprocal, unless they would be large *)
Definition pivot (fs : list Q) : Q :=
  let high := fold_right (fun a m => if Qle_bool m a then a else m) (hd 0%Q fs) fs in let low := fold_right (fun a m => if Qle_bool a m then a else m) (hd 0%Q fs) fs in
  if Qle_bool (high - low) 16 then low else high.
Definition exp_at_most (f u : Q) : bool := match exp_high f with Some z => at_least places u z | None => false end.
Definition exp_at_least (f u : Q) : bool := at_most places u (exp_low f).
(* us: one for each output, for cross-entropy one alone *)
Definition parts_of (l : log_loss) (f : list Q) : list (list Q) := match l with Logistic => map (fun a => [0%Q; a]) f | CrossEntropy => [f] | Poisson => map (fun a => [a]) f end.
Definition part_at_most (l : log_loss) (fs : list Q) (u : Q) : bool := match l with Poisson => exp_at_most (hd 0%Q fs) u | _ => log_sum_at_most (pivot fs) fs u end.
Definition part_at_least (l : log_loss) (fs : list Q) (u : Q) : bool := match l with Poisson => exp_at_least (hd 0%Q fs) u | _ => log_sum_at_least (pivot fs) fs u end.
Fixpoint all_pairs {A B} (f : A -> B -> bool) (u : list A) (v : list B) : bool := match u, v with [], [] => true | a :: u', b :: v' => f a b && all_pairs f u' v' | _, _ => false end.
Definition loss_with (f y us : list Q) : Q := sub Qops (sumT Qops (fun u => u) us) (dotT Qops y f).
Definition loss_at_most (l : log_loss) (f us : list Q) : bool := all_pairs (part_at_most l) (parts_of l f) us.
Definition loss_at_least (l : log_loss) (f us : list Q) : bool := all_pairs (part_at_least l) (parts_of l f) us.
Lemma exp_at_most_ok f u : exp_at_most f u = true -> exp (Q2R f) <= Q2R u.
Proof. unfold exp_at_most. destruct (exp_high f) as [z|] eqn:E; [|discriminate]. intros H. apply Rle_trans with (1 := exp_high_ok f z E), at_least_ok, H. Qed.
Lemma exp_at_least_ok f u : exp_at_least f u = true -> Q2R u <= exp (Q2R f).
Proof. intros H. apply (at_most_ok places) in H. apply Rle_trans with (1 := H), exp_low_ok. Qed.
Lemma exps_pair a : exps (map Q2R [0%Q; a]) = 1 + exp (Q2R a).
Proof. cbn [map exps]. rewrite real_zero, exp_0. ring. Qed.
Lemma exps_sum_exp u : exps u = sum_exp u.
Proof. induction u as [|a u IH]; simpl; [auto|]. rewrite IH. auto. Qed.
Lemma loss_with_ok f y us : Q2R (loss_with f y us) = sum Q2R us - dot (qv y) (qv f).
Proof. unfold loss_with. change Q2R with (toR QR) at 1. rewrite (toR_sub QR), (sumT_ok Qops QR), (dotT_ok Qops QR). reflexivity. Qed.
Lemma loss_at_most_ok l f y us : length f = length y -> f <> [] -> loss_at_most l f us = true -> value_of_log l (qv f) (qv y) <= Q2R (loss_with f y us).
Proof.
  rewrite loss_with_ok. unfold loss_at_most. destruct l; cbn [value_of_log parts_of]; intros L N H.
  - clear N. cbn [value logistic by_output]. revert y us L H. induction f as [|a f IH]; intros [|b y] [|u us] L H; try discriminate; cbn [map all_pairs] in H; [simpl; lra|].
    apply andb_prop in H. destruct H as [H1 H2]. specialize (IH y us (eq_add_S _ _ L) H2). apply log_sum_at_most_ok in H1; [|discriminate]. rewrite exps_pair in H1. unfold rv in *. cbn [map sum2 sum dot toR QR] in *. change (logistic1 (Q2R a) (Q2R b)) with (ln (1 + exp (Q2R a)) - Q2R b * Q2R a). cbn [toR QR] in *. lra.
  - destruct us as [|u [|u' us]]; cbn [all_pairs] in H; [discriminate| |rewrite andb_false_r in H; discriminate]. rewrite andb_true_r in H. apply log_sum_at_most_ok in H; [|auto]. rewrite exps_sum_exp in H. cbn [value cross_entropy sum]. unfold rv in *. cbn [toR QR] in *. apply Rplus_le_compat_r. rewrite Rplus_0_r. exact H.
  - clear N. cbn [value poisson by_output]. revert y us L H. induction f as [|a f IH]; intros [|b y] [|u us] L H; try discriminate; cbn [map all_pairs] in H; [simpl; lra|].
    apply andb_prop in H. destruct H as [H1 H2]. specialize (IH y us (eq_add_S _ _ L) H2). apply exp_at_most_ok in H1. cbn [hd] in H1. unfold rv in *. cbn [map sum2 sum dot toR QR] in *. change (poisson1 (Q2R a) (Q2R b)) with (exp (Q2R a) - Q2R b * Q2R a). cbn [toR QR] in *. lra.
Qed.
Lemma loss_at_least_ok l f y us : length f = length y -> f <> [] -> loss_at_least l f us = true -> Q2R (loss_with f y us) <= value_of_log l (qv f) (qv y).
Proof.
  rewrite loss_with_ok. unfold loss_at_least. destruct l; cbn [value_of_log parts_of]; intros L N H.
  - clear N. cbn [value logistic by_output]. revert y us L H. induction f as [|a f IH]; intros [|b y] [|u us] L H; try discriminate; cbn [map all_pairs] in H; [simpl; lra|].
    apply andb_prop in H. destruct H as [H1 H2]. specialize (IH y us (eq_add_S _ _ L) H2). apply log_sum_at_least_ok in H1; [|discriminate]. rewrite exps_pair in H1. unfold rv in *. cbn [map sum2 sum dot toR QR] in *. change (logistic1 (Q2R a) (Q2R b)) with (ln (1 + exp (Q2R a)) - Q2R b * Q2R a). cbn [toR QR] in *. lra.
  - destruct us as [|u [|u' us]]; cbn [all_pairs] in H; [discriminate| |rewrite andb_false_r in H; discriminate]. rewrite andb_true_r in H. apply log_sum_at_least_ok in H; [|auto]. rewrite exps_sum_exp in H. cbn [value cross_entropy sum]. unfold rv in *. cbn [toR QR] in *. apply Rplus_le_compat_r. rewrite Rplus_0_r. exact H.
  - clear N. cbn [value poisson by_output]. revert y us L H. induction f as [|a f IH]; intros [|b y] [|u us] L H; try discriminate; cbn [map all_pairs] in H; [simpl; lra|].
    apply andb_prop in H. destruct H as [H1 H2]. specialize (IH y us (eq_add_S _ _ L) H2). apply exp_at_least_ok in H1. cbn [hd] in H1. unfold rv in *. cbn [map sum2 sum dot toR QR] in *. change (poisson1 (Q2R a) (Q2R b)) with (exp (Q2R a) - Q2R b * Q2R a). cbn [toR QR] in *. lra.
Qed.

Definition real_entropy_of (l : log_loss) (q : list R) : R :=
  match l with Logistic => entropy q + entropy (map (Rminus 1) q) | CrossEntropy => entropy q | Poisson => entropy q + sum (fun a => a) q end.
Section Problem.
Variable p : problem_of log_loss.
Notation D := (samples p).
Notation c := (factor p).
Notation l := (loss_of p).
(* the risk of given predictions *)
Definition risk_with (fits uss : list (list Q)) : Q := mul Qops c (sumT Qops (fun e => loss_with (snd (fst e)) (snd (fst (fst e))) (snd e)) (combine (combine D fits) uss)).
Definition sizes_fit (fits uss : list (list Q)) : bool :=
  Qle_bool 0 c && (length fits =? length D)%nat && (length uss =? length D)%nat && forallb (fun e => (length (snd (fst e)) =? length (snd e))%nat && negb (length (snd e) =? 0)%nat) (combine D fits).
Definition risk_at_most (fits uss : list (list Q)) (high : Q) : bool :=
  sizes_fit fits uss && forallb (fun e => loss_at_most l (snd (fst e)) (snd e)) (combine (combine D fits) uss) && Qle_bool (risk_with fits uss) high.
Definition risk_at_least (fits uss : list (list Q)) (low : Q) : bool :=
  sizes_fit fits uss && forallb (fun e => loss_at_least l (snd (fst e)) (snd e)) (combine (combine D fits) uss) && Qle_bool low (risk_with fits uss).
Lemma risk_parts (v : list R -> list R -> R) (F : list R -> list R) : forall D' (fits uss : list (list Q)), length fits = length D' -> length uss = length D' -> map (fun d : list Q * list Q => F (qv (fst d))) D' = map qv fits ->
  sum (fun s => v (F (fst s)) (snd s)) (rD QR D') = sum (fun e => v (qv (snd (fst e))) (qv (snd (fst (fst e))))) (combine (combine D' fits) uss).
Proof.
  induction D' as [|d D' IH]; intros [|f fits] [|u uss] L1 L2 E; try discriminate; [reflexivity|]. cbn [rD map combine sum fst snd] in *. injection E as E1 E2.
  apply f_equal2; [exact (f_equal (fun z => v z (qv (snd d))) E1)|apply IH; auto].
Qed.
Lemma sizes_ok fits uss : sizes_fit fits uss = true -> 0 <= Q2R c /\ length fits = length D /\ length uss = length D /\
  forall e, In e (combine (combine D fits) uss) -> length (snd (fst e)) = length (snd (fst (fst e))) /\ snd (fst e) <> [].
Proof.
  intros H. unfold sizes_fit in H. apply andb_prop in H. destruct H as [H H4]. apply andb_prop in H. destruct H as [H H3]. apply andb_prop in H. destruct H as [H1 H2].
  apply Qle_bool_iff, Qle_Rle in H1. rewrite real_zero in H1. apply Nat.eqb_eq in H2, H3. split; auto. split; auto. split; auto. intros [df us] He. apply in_combine_l in He. rewrite forallb_forall in H4. specialize (H4 df He).
  apply andb_prop in H4. destruct H4 as [H4 H5]. apply Nat.eqb_eq in H4. cbn [fst snd]. split; auto. intros Z. rewrite Z in H5. discriminate.
Qed.
Theorem risk_at_most_ok fits uss high (F : list R -> list R) : risk_at_most fits uss high = true -> map (fun d => F (qv (fst d))) D = map qv fits ->
  Q2R c * sum (fun s => value_of_log l (F (fst s)) (snd s)) (rD QR D) <= Q2R high.
Proof.
  intros H E. unfold risk_at_most in H. apply andb_prop in H. destruct H as [H H3]. apply andb_prop in H. destruct H as [H1 H2]. destruct (sizes_ok _ _ H1) as (Hc & L1 & L2 & HS). rewrite forallb_forall in H2.
  apply Qle_bool_iff, Qle_Rle in H3. apply Rle_trans with (2 := H3). unfold risk_with. change Q2R with (toR QR). rewrite (toR_mul QR), (sumT_ok Qops QR). apply Rmult_le_compat_l; auto.
  rewrite (risk_parts _ F D fits uss L1 L2 E). apply sum_le. intros e He. destruct (HS e He). apply loss_at_most_ok; auto.
Qed.
Theorem risk_at_least_ok fits uss low (F : list R -> list R) : risk_at_least fits uss low = true -> map (fun d => F (qv (fst d))) D = map qv fits ->
  Q2R low <= Q2R c * sum (fun s => value_of_log l (F (fst s)) (snd s)) (rD QR D).
Proof.
  intros H E. unfold risk_at_least in H. apply andb_prop in H. destruct H as [H H3]. apply andb_prop in H. destruct H as [H1 H2]. destruct (sizes_ok _ _ H1) as (Hc & L1 & L2 & HS). rewrite forallb_forall in H2.
  apply Qle_bool_iff, Qle_Rle in H3. apply Rle_trans with (1 := H3). unfold risk_with. change Q2R with (toR QR). rewrite (toR_mul QR), (sumT_ok Qops QR). apply Rmult_le_compat_l; auto.
  rewrite (risk_parts _ F D fits uss L1 L2 E). apply sum_le. intros e He. destruct (HS e He). apply loss_at_least_ok; auto.
Qed.
(* a point *)
Definition fits_of (th : params Q) : list (list Q) := map (fun d => netT Qops (layers p) th (fst d)) D.
Lemma fits_of_ok th : map (fun d => net (rN QR (layers p)) (real th) (qv (fst d))) D = map qv (fits_of th).
Proof. unfold fits_of. rewrite map_map. apply map_ext. intros d. symmetry. apply (netT_ok Qops QR). Qed.
Lemma log_risk_sum th : log_risk p th = Q2R c * sum (fun s => value_of_log l (net (rN QR (layers p)) th (fst s)) (snd s)) (rD QR D).
Proof. unfold log_risk, risk_of. rewrite total_sum. reflexivity. Qed.

(* ---- probabilities or rates: their entropy, from above the logarithms ---- *)
Definition entropy_parts (q : list Q) : list Q := match l with Logistic => q ++ map (Qminus 1%Q) q | _ => q end.
Definition entropy_shift (q : list Q) : Q := match l with Poisson => sumT Qops (fun a => a) q | _ => 0%Q end.
(* with the numbers above the logarithms: one sum of all, and over one denominator, so that it needs no division *)
Definition entropy_with (P vss : list (list Q)) : Q :=
  add Qops (- products Qops (combine (align (flat_map entropy_parts P)) (concat vss)))%Q (sumT Qops entropy_shift P).
(* `if` and no `||`: by value, both sides of that would be computed *)
Definition logs_at_most (q vs : list Q) : bool := all_pairs (fun a v => if Qeq_bool a 0 then true else ltb Qops 0%Q a && log_at_most a v) (entropy_parts q) vs.
Definition entropy_at_least (P vss : list (list Q)) (low : Q) : bool :=
  Qle_bool 0 c && (length vss =? length P)%nat && forallb (fun e => logs_at_most (fst e) (snd e)) (combine P vss) && Qle_bool low (mul Qops c (entropy_with P vss)).
Definition real_entropy (q : list R) : R := real_entropy_of l q.
Lemma entropy_app u v : entropy (u ++ v) = entropy u + entropy v.
Proof. unfold entropy. rewrite map_app. induction u as [|a u IH]; simpl; [ring|]. rewrite IH. ring. Qed.
Lemma parts_entropy q : real_entropy (qv q) = entropy (qv (entropy_parts q)) + Q2R (entropy_shift q).
Proof.
  unfold real_entropy, real_entropy_of, entropy_parts, entropy_shift. destruct l.
  - unfold rv at 3. rewrite map_app, map_map, entropy_app, real_zero, Rplus_0_r. f_equal. f_equal. unfold rv. rewrite map_map. apply map_ext. intros a. cbn [toR QR]. rewrite Q2R_minus, real_one. reflexivity.
  - rewrite real_zero. ring.
  - f_equal. change Q2R with (toR QR). rewrite (sumT_ok Qops QR). unfold rv. rewrite sum_map. reflexivity.
Qed.
Lemma entropy_from_logs q vs : logs_at_most q vs = true -> length (qv (entropy_parts q)) = length (qv vs) /\ - dot (qv (entropy_parts q)) (qv vs) <= entropy (qv (entropy_parts q)).
Proof.
  unfold logs_at_most. revert vs. generalize (entropy_parts q). clear. unfold entropy, rv. induction l as [|a u IH]; intros [|v vs] H; try discriminate; cbn [map dot all_pairs length] in *; [split; [reflexivity|lra]|].
  apply andb_prop in H. destruct H as [H H2]. destruct (IH vs H2) as [L E]. split; [congruence|].
  assert (X : Q2R a * ln (Q2R a) <= Q2R a * Q2R v).
  { destruct (Qeq_bool a 0) eqn:Z; [apply Qeq_bool_eq, Qeq_eqR in Z; rewrite Z, real_zero; lra|]. apply andb_prop in H. destruct H as [H0 H1].
    apply (ltb_ok QR) in H0. cbn [toR QR] in H0. rewrite real_zero in H0. apply log_at_most_ok in H1; auto. apply Rmult_le_compat_l; lra. }
  cbn [toR QR] in *. lra.
Qed.
Lemma products_dot : forall u v, Q2R (products Qops (combine u v)) = dot (qv u) (qv v).
Proof.
  intros u v. change (products Qops) with qproducts. rewrite qproducts_ok. unfold rv. revert v. induction u as [|a u IH]; intros [|b v]; try reflexivity. cbn [combine fold_right map dot fst snd]. rewrite IH. reflexivity.
Qed.
Lemma dot_app : forall u v u' v', length u = length u' -> dot (u ++ v) (u' ++ v') = dot u u' + dot v v'.
Proof. induction u as [|a u IH]; intros v [|b u'] v' L; try discriminate; cbn [app dot]; [ring|]. rewrite IH by exact (eq_add_S _ _ L). ring. Qed.
Lemma entropy_with_ok : forall P vss, length vss = length P -> forallb (fun e => logs_at_most (fst e) (snd e)) (combine P vss) = true -> Q2R (entropy_with P vss) <= sum (fun q => real_entropy (qv q)) P.
Proof.
  intros P vss L H. unfold entropy_with. change Q2R with (toR QR) at 1. rewrite (toR_add QR), (sumT_ok Qops QR). cbn [toR QR]. rewrite Q2R_opp, products_dot. unfold rv at 1. cbn [toR QR]. rewrite align_ok.
  change (map Q2R) with qv. revert vss L H. induction P as [|q P IH]; intros [|vs vss] L H; try discriminate; [unfold rv; simpl; lra|]. cbn [combine forallb flat_map concat sum fst snd] in *. apply andb_prop in H. destruct H as [H1 H2].
  specialize (IH vss (eq_add_S _ _ L) H2). destruct (entropy_from_logs _ _ H1) as [E1 E2]. rewrite parts_entropy. unfold rv in *. rewrite !map_app, dot_app by exact E1. cbn [toR QR] in *. change (T Qops) with Q in *. lra.
Qed.
Theorem entropy_at_least_ok P vss low : entropy_at_least P vss low = true -> Q2R low <= Q2R c * sum (fun q => real_entropy (qv q)) P.
Proof.
  intros H. unfold entropy_at_least in H. apply andb_prop in H. destruct H as [H H4]. apply andb_prop in H. destruct H as [H H3]. apply andb_prop in H. destruct H as [H1 H2]. apply Nat.eqb_eq in H2.
  apply Qle_bool_iff, Qle_Rle in H1, H4. rewrite real_zero in H1. apply Rle_trans with (1 := H4). change Q2R with (toR QR) at 1. rewrite (toR_mul QR). apply Rmult_le_compat_l; auto. apply entropy_with_ok; auto.
Qed.

(* ---- the minima ---- *)
Definition channels : nat := match l with CrossEntropy => pred (n_out p) | _ => n_out p end.
Fixpoint check_carry (n : nat) (Ls : list (bool * act Q)) (widths : list nat) (points : list (Q * Q * Q)) : bool :=
  match Ls, widths, points with
  | (b, h) :: Ls', w :: ws', z :: zs' => b && check_pieces (fst h) (snd h) && (n <? w)%nat && varies h z && match Ls' with [] => (length ws' =? 0)%nat | _ => check_carry n Ls' ws' zs' end
  | _, _, _ => false
  end.
(* equal samples have equal probabilities *)
Definition consistent (E : list (list Q * list Q)) (P : list (list Q)) : bool :=
  let pairs := map (fun e => (fst (fst e) ++ snd (fst e), snd e)) (combine E P) in
  forallb (fun e => forallb (fun e' => if sameT Qops (fst e) (fst e') then sameT Qops (snd e) (snd e') else true) pairs) pairs.
Definition check_inside (P : list (list Q)) : bool :=
  match l with Logistic => check_logistic P | CrossEntropy => check_softmax (n_out p) D P | Poisson => forallb (forallb (ltb Qops 0%Q)) P end.
Definition affine_T (A : list (list Q)) (x : list Q) : list Q := map (fun row => dotT Qops row (1%Q :: x)) A.
Definition check_span (widths : list nat) (points : list (Q * Q * Q)) (P vss near uss : list (list Q)) (low high : Q) : bool :=
  match layers p with
  | (bo, a) :: Ls =>
      let d := n_in p in let m := n_out p in
      bo && is_identity a && check_carry channels Ls widths points && (0 <? channels)%nat && check_sizes d m D && consistent D P &&
      (length P =? length D)%nat && forallb (fun q => (length q =? m)%nat) P && check_moments d m D P && check_inside P && entropy_at_least P vss low &&
      (length near =? m)%nat && forallb (fun row => (length row =? S d)%nat) near && risk_at_most (map (fun d => affine_T near (fst d)) D) uss high
  | _ => false
  end.
End Problem.

Lemma check_carry_ok n : forall Ls ws zs, check_carry n Ls ws zs = true -> exists HL h H, rN QR Ls = lay HL ++ [(true, h)] /\ ws = map snd HL ++ [H] /\ carrying_layers n HL h H.
Proof.
  induction Ls as [|[b h] Ls IH]; intros [|w ws] [|z zs] C; try discriminate. cbn [check_carry] in C.
  apply andb_prop in C. destruct C as [C C4]. apply andb_prop in C. destruct C as [C C5]. apply andb_prop in C. destruct C as [C C3]. apply andb_prop in C. destruct C as [C1 C2].
  destruct b; [|discriminate]. apply Nat.ltb_lt in C3. assert (CH : continuous_act (ra QR h)) by (destruct h; apply check_pieces_ok; auto). apply varies_ok in C5.
  destruct Ls as [|L Ls].
  - apply Nat.eqb_eq in C4. destruct ws; [|discriminate]. exists [], (ra QR h), w. split; [reflexivity|]. split; [reflexivity|]. split; [auto|]. split; [auto|]. split; [auto|intros ? []].
  - destruct (IH ws zs C4) as (HL & h0 & H & E1 & E2 & W1 & W2 & W3 & W4).
    exists ((ra QR h, w) :: HL), h0, H. split; [change (rN QR ((true, h) :: L :: Ls)) with ((true, ra QR h) :: rN QR (L :: Ls)); rewrite E1; reflexivity|].
    split; [rewrite E2; reflexivity|]. split; [auto|]. split; [auto|]. split; [auto|]. intros hw [<-|Hin]; [|auto]. split; [auto|]. split; auto.
Qed.
Lemma sizes_real d m D : check_sizes d m D = true -> forall s, In s (rD QR D) -> length (fst s) = d /\ length (snd s) = m.
Proof.
  intros CS s Hs. apply in_map_iff in Hs. destruct Hs as (s' & <- & Hs). unfold check_sizes in CS. rewrite forallb_forall in CS. specialize (CS s' Hs). apply andb_prop in CS. destruct CS as [L1 L2].
  apply Nat.eqb_eq in L1, L2. cbn [fst snd]. unfold rv. rewrite !map_length. auto.
Qed.
Lemma consistent_ok D P : consistent D P = true -> agreeing (rD QR D) (map qv P).
Proof.
  intros H s q q' I I'. rewrite combine_real in I, I'. apply in_map_iff in I, I'. destruct I as (e & E & I), I' as (e' & E' & I'). injection E as E1 E2. injection E' as E1' E2'. subst q q'.
  unfold consistent in H. rewrite forallb_forall in H. specialize (H _ (in_map (fun e => (fst (fst e) ++ snd (fst e), snd e)) _ _ I)). rewrite forallb_forall in H. specialize (H _ (in_map (fun e => (fst (fst e) ++ snd (fst e), snd e)) _ _ I')). cbn [fst snd] in H.
  destruct (sameT Qops (fst (fst e) ++ snd (fst e)) (fst (fst e') ++ snd (fst e'))) eqn:N; [apply (sameT_iff Qops QR), H|].
  exfalso. assert (X : sameT Qops (fst (fst e) ++ snd (fst e)) (fst (fst e') ++ snd (fst e')) = true); [|congruence]. apply (sameT_iff Qops QR). rewrite <- E1' in E1. injection E1 as F1 F2. unfold rv in *. rewrite !map_app. f_equal; [exact F1|exact F2].
Qed.
(* some best affine map, its risk above the entropy *)
Lemma best_fit (p : problem_of log_loss) P : check_sizes (n_in p) (n_out p) (samples p) = true -> consistent (samples p) P = true -> (length P =? length (samples p))%nat = true ->
  forallb (fun q => (length q =? n_out p)%nat) P = true -> check_moments (n_in p) (n_out p) (samples p) P = true -> check_inside p P = true ->
  let L := real_loss (loss_of p) in let m := n_out p in let d := n_in p in let DD := rD QR (samples p) in
  (exists A, least_affine L m d DD A) /\ (forall A, sized m d A -> sum (fun q => real_entropy p (qv q)) P <= affine_total L DD A) /\ (loss_of p = CrossEntropy -> class_labels m DD).
Proof.
  intros CS CO LP LQ CM CI L m d DD. apply Nat.eqb_eq in LP. assert (HD := sizes_real d m (samples p) CS).
  destruct (moments_ok d m (samples p) P HD (consistent_ok _ _ CO) LP LQ CM) as (f & MO & HF & EP). fold m d DD in HD, MO, HF, EP.
  assert (SE : sum (fun q => real_entropy p (qv q)) P = sum (fun s => real_entropy p (f s)) DD) by (transitivity (sum (real_entropy p) (map f DD)); [rewrite EP, sum_map; reflexivity|rewrite sum_map; reflexivity]).
  rewrite SE. clear SE. unfold check_inside in CI. fold m in CI. unfold L, real_entropy, real_entropy_of. destruct (loss_of p); cbn [real_loss].
  - assert (HP : forall s, In s DD -> length (f s) = m /\ positive (f s) /\ positive (map (Rminus 1) (f s))).
    { intros s Hs. destruct (HF s Hs) as (q & Hq & E & LL). split; auto. rewrite E. unfold check_logistic in CI. rewrite forallb_forall in CI. specialize (CI q Hq). rewrite forallb_forall in CI.
      split; intros b Hb; [|apply in_map_iff in Hb; destruct Hb as (b' & <- & Hb)]; apply in_map_iff in Hb; destruct Hb as (x & <- & Hx); assert (X := inside_ok x (CI x Hx)); cbn [toR QR]; lra. }
    split; [apply (attained_logistic d m DD HD); exists f; auto|]. split; [intros A SA; apply (bound_logistic d m DD f A); auto|discriminate].
  - unfold check_softmax in CI. apply andb_prop in CI. destruct CI as [CI I3]. apply andb_prop in CI. destruct CI as [I1 I2]. rewrite forallb_forall in I2, I3.
    assert (HP : forall s, In s DD -> length (f s) = m /\ positive (f s) /\ dot (f s) (repeat 1 m) = 1).
    { intros s Hs. destruct (HF s Hs) as (q & Hq & E & LL). split; auto. rewrite E in *. unfold rv in LL. rewrite map_length in LL. specialize (I2 q Hq). apply andb_prop in I2. destruct I2 as [J1 J2].
      split; [|apply sums_to_1_ok; auto]. intros b Hb. apply in_map_iff in Hb. destruct Hb as (x & <- & Hx). rewrite forallb_forall in J1. assert (X := J1 x Hx). apply (ltb_ok QR) in X. cbn [toR QR] in *. rewrite real_zero in X. auto. }
    assert (CL : class_labels m DD).
    { intros s Hs. destruct (HD s Hs) as [_ Ls']. apply in_map_iff in Hs. destruct Hs as (s' & <- & Hs'). cbn [snd] in *. apply sums_to_1_ok; [unfold rv in Ls'; rewrite map_length in Ls'; auto|]. apply I3. auto. }
    split; [apply (attained_softmax d m DD HD CL); exists f; auto|]. split; [intros A SA; apply (bound_softmax d m DD f A); auto|auto].
  - assert (HP : forall s, In s DD -> length (f s) = m /\ positive (f s)).
    { intros s Hs. destruct (HF s Hs) as (q & Hq & E & LL). split; auto. rewrite E. rewrite forallb_forall in CI. specialize (CI q Hq). rewrite forallb_forall in CI.
      intros b Hb. apply in_map_iff in Hb. destruct Hb as (x & <- & Hx). assert (X := CI x Hx). apply (ltb_ok QR) in X. cbn [toR QR] in *. rewrite real_zero in X. auto. }
    split; [apply (attained_poisson d m DD HD); exists f; auto|]. split; [intros A SA; apply (bound_poisson d m DD f A); auto|discriminate].
Qed.
Lemma affine_T_ok A x : qv (affine_T A x) = affine_map (rm QR A) (qv x).
Proof.
  unfold affine_T, affine_map, rm, rv at 1. rewrite !map_map. apply map_ext. intros row. rewrite (dotT_ok Qops QR). cbn [rv map]. cbn [toR QR]. rewrite real_one. reflexivity.
Qed.
Theorem check_span_ok p widths points P vss near uss low high : check_span p widths points P vss near uss low high = true -> minima_at_affine_fit p widths low high.
Proof.
  unfold check_span. destruct (layers p) as [|[bo a] Ls] eqn:EN; [discriminate|]. intros H.
  repeat match goal with H : _ && _ = true |- _ => apply andb_prop in H; destruct H end.
  destruct bo; [|discriminate]. assert (EA : real_layers (layers p) = (true, identity) :: rN QR Ls).
  { rewrite EN. change (real_layers ((true, a) :: Ls)) with ((true, ra QR a) :: rN QR Ls). f_equal. f_equal. match goal with H : is_identity a = true |- _ => rewrite (is_identity_ok a H) end.
    unfold ra, identity. simpl. rewrite real_one, real_zero. reflexivity. }
  match goal with H : check_carry _ _ _ _ = true |- _ => destruct (check_carry_ok _ _ _ _ H) as (HL & h & H0' & E1 & E2 & HW) end.
  match goal with H : check_sizes _ _ _ = true |- _ => rename H into CS end.
  set (d := n_in p) in *. set (m := n_out p) in *.
  assert (HD := sizes_real d m (samples p) CS).
  set (L := real_loss (loss_of p)). set (DD := rD QR (samples p)) in *.
  assert (HC : 0 <= Q2R (factor p)).
  { match goal with H : entropy_at_least _ _ _ _ = true |- _ => unfold entropy_at_least in H; apply andb_prop in H; destruct H as [H _]; apply andb_prop in H; destruct H as [H _]; apply andb_prop in H; destruct H as [H _] end.
    match goal with H : Qle_bool 0 _ = true |- _ => apply Qle_bool_iff, Qle_Rle in H; rewrite real_zero in H; exact H end. }
  match goal with H : (0 <? channels p)%nat = true |- _ => apply Nat.ltb_lt in H; rename H into CP end.
  match goal with H : (length near =? m)%nat = true |- _ => apply Nat.eqb_eq in H; rename H into LN end.
  match goal with H : forallb (fun row => (length row =? S d)%nat) near = true |- _ => rename H into RN end.
  assert (SN : sized m d (rm QR near)).
  { split; [unfold rm; rewrite map_length; auto|]. intros row Hr. unfold rm in Hr. apply in_map_iff in Hr. destruct Hr as (r0 & <- & Hr). rewrite forallb_forall in RN. specialize (RN r0 Hr). apply Nat.eqb_eq in RN. unfold rv. rewrite map_length. exact RN. }
  match goal with C1 : consistent _ _ = true, C2 : (length P =? _)%nat = true, C3 : forallb (fun q => (length q =? m)%nat) P = true, C4 : check_moments _ _ _ _ = true, C5 : check_inside p P = true |- _ =>
    destruct (best_fit p P CS C1 C2 C3 C4 C5) as ((A & LA) & BOUND & CLASS) end. fold L m d DD in LA, BOUND, CLASS.
  assert (PATH : exists path B, least_affine L m d DD B /\ minima_along L (Q2R (factor p)) (network HL h) DD m (map snd HL ++ [H0']) d path B).
  { unfold channels in *. fold m in HW, CP. unfold L in *. destruct (loss_of p); cbn [real_loss] in *.
    - destruct (minima_wide logistic (Q2R (factor p)) d m h H0' HL DD A HC HD (logistic_differentiable m) LA HW CP) as (path & MP). exists path, A. auto.
    - assert (EM : m = S (pred m)) by lia. rewrite EM in HD, LA, CLASS |- *. apply (minima_gauge (Q2R (factor p)) d (pred m) h H0' HL DD A); auto.
    - destruct (minima_wide poisson (Q2R (factor p)) d m h H0' HL DD A HC HD (poisson_differentiable m) LA HW CP) as (path & MP). exists path, A. auto. }
  destruct PATH as (path & B & LB & (MIN & INJ & CONT & FAR)).
  assert (ER : log_risk p = risk_of (value L) (Q2R (factor p)) (network HL h) DD) by (unfold log_risk; rewrite EA, E1; unfold L; rewrite real_loss_ok; reflexivity).
  assert (RISK : forall x, log_risk p (path x) = Q2R (factor p) * affine_total L DD B).
  { intros x. rewrite ER. unfold risk_of. f_equal. rewrite total_sum. apply sum_ext. intros s Hs. rewrite (proj2 (proj2 (MIN x)) s Hs). reflexivity. }
  exists path. split; [|split; [|auto]].
  - intros x. destruct (MIN x) as (M1 & M2 & M3). rewrite ER at 1. rewrite !RISK. fold d. fold m. rewrite E2. split; [exact M1|]. split; [exact M2|]. split; [reflexivity|].
    rewrite EA, E1. exists B. destruct LB as [SB BB]. split; [exact SB|]. split; [exact M3|]. rewrite <- real_loss_ok. exact BB.
  - rewrite RISK. split.
    + match goal with H : entropy_at_least _ _ _ _ = true |- _ => apply entropy_at_least_ok in H; apply Rle_trans with (1 := H) end. apply Rmult_le_compat_l; auto. apply BOUND, LB.
    + match goal with H : risk_at_most _ _ _ _ = true |- _ => apply risk_at_most_ok with (F := affine_map (rm QR near)) in H end.
      * match goal with H : Q2R (factor p) * _ <= Q2R high |- _ => apply Rle_trans with (2 := H) end. apply Rmult_le_compat_l; auto. rewrite <- real_loss_ok. apply (proj2 LB). exact SN.
      * rewrite map_map. apply map_ext. intros s. symmetry. apply affine_T_ok.
Qed.
(* with a better point they are spurious *)
Definition shapedb : list nat -> params Q -> bool := fix go ws th :=
  match ws, th with
  | w :: ((w' :: _) as ws'), W :: th' => (length W =? w)%nat && forallb (fun row => (length row =? S w')%nat) W && go ws' th'
  | [_], [] => true
  | _, _ => false
  end.
Lemma shapedb_ok : forall ws th, shapedb ws th = true -> shaped ws (real th).
Proof.
  induction ws as [|w ws IH]; intros [|W th] H; try discriminate; destruct ws as [|w' ws]; try discriminate; [exact I|]. cbn [shapedb] in H. apply andb_prop in H. destruct H as [H H3]. apply andb_prop in H. destruct H as [H1 H2].
  cbn [real map shaped]. split; [rewrite map_length; apply Nat.eqb_eq; auto|]. split; [|apply IH; exact H3]. intros row Hr. apply in_map_iff in Hr. destruct Hr as (r0 & <- & Hr). rewrite forallb_forall in H2. specialize (H2 r0 Hr).
  apply Nat.eqb_eq in H2. unfold real_vector. rewrite map_length. exact H2.
Qed.
Definition check_log_better (p : problem_of log_loss) (widths : list nat) (th : params Q) (low better : Q) : bool :=
  shapedb (n_out p :: widths ++ [n_in p]) th && ltb Qops better low.
Theorem check_log_better_ok p widths th low high from better : check_log_better p widths th low better = true -> risk_between p th from better ->
  minima_at_affine_fit p widths low high -> spurious_minima_at_affine_fit p widths low high.
Proof.
  intros H [_ H2] (path & M & B & R). apply andb_prop in H. destruct H as [H1 H3]. apply shapedb_ok in H1. apply (ltb_ok QR) in H3. cbn [toR QR] in H3.
  exists path. split; [|auto]. intros x. destruct (M x) as (M1 & M2 & M3 & M4). split; auto. split; [|auto]. split; auto. exists (real th). split; [eapply shaped_same; eauto|]. rewrite M3. lra.
Qed.

(* ---- what a vector g proves about networks whose predictions f have <g, f> <= 0: p_i = y_i - g_i / q have the entropy as a bound ---- *)
Definition closed_inside (l : log_loss) (a : Q) : bool := match l with Logistic => Qle_bool 0 a && Qle_bool a 1 | CrossEntropy => false | Poisson => Qle_bool 0 a end.
Definition dual_of (p : problem_of log_loss) (g : list Z) (q : Q) : list (list Q) := map (fun e => [hd 0 (snd (fst e)) - (snd e * Zpos (Qden q) # Z.to_pos (Qnum q))]%Q) (combine (samples p) g).
Definition gain_log (p : problem_of log_loss) (rho : Q) (v : list Z * (Q * list (list Q))) : bool :=
  let P := dual_of p (fst v) (fst (snd v)) in
  ltb Qops 0%Q (fst (snd v)) && (length (fst v) =? length (samples p))%nat && forallb (fun q => closed_inside (loss_of p) (hd 0%Q q)) P && entropy_at_least p P (snd (snd v)) rho.
Lemma young l b a y : closed_inside l b = true -> real_entropy_of l [Q2R b] + (Q2R b - y) * a <= value_of_log l [a] [y].
Proof.
  unfold closed_inside, real_entropy_of, entropy. intros H. destruct l; [|discriminate|]; cbn [value_of_log value logistic poisson by_output sum2 map dot sum].
  - apply andb_prop in H. destruct H as [H1 H2]. apply Qle_bool_iff, Qle_Rle in H1, H2. rewrite real_zero in H1. rewrite real_one in H2. set (x := Q2R b) in *.
    cut (x * - ln x + (1 - x) * - ln (1 - x) <= ln (1 + exp a) - x * a); [unfold logistic1; lra|]. assert (E := exp_pos a).
    destruct (Req_EM_T x 0) as [->|N0]; [rewrite Rminus_0_r, ln_1; assert (L : 0 < ln (1 + exp a)) by (rewrite <- ln_1; apply ln_increasing; lra); lra|].
    destruct (Req_EM_T x 1) as [->|N1]; [rewrite Rminus_eq_0, ln_1; assert (L : a < ln (1 + exp a)) by (rewrite <- (ln_exp a) at 1; apply ln_increasing; lra); lra|].
    apply (logistic_young x a). lra.
  - apply Qle_bool_iff, Qle_Rle in H. rewrite real_zero in H. set (x := Q2R b) in *. unfold poisson1. destruct (Req_EM_T x 0) as [->|N0]; [assert (E := exp_pos a); lra|].
    assert (T := exp_tangent x a ltac:(lra)). lra.
Qed.
Lemma quotient_ok z q : 0 < Q2R q -> Q2R (z * Zpos (Qden q) # Z.to_pos (Qnum q)) = IZR z * / Q2R q.
Proof.
  intros P. assert (D : 0 < IZR (Zpos (Qden q))) by (apply (IZR_lt 0); reflexivity).
  assert (N : 0 < IZR (Qnum q)) by (apply Rmult_lt_reg_r with (/ IZR (Zpos (Qden q))); [apply Rinv_0_lt_compat; auto|rewrite Rmult_0_l; exact P]).
  unfold Q2R at 1. cbn [Qnum Qden]. rewrite Z2Pos.id by (apply lt_IZR; exact N). rewrite mult_IZR, Q2R_quotient. field. lra.
Qed.
Theorem gain_log_ok p rho v (f : list R) : gain_log p rho v = true -> (forall d, In d (samples p) -> length (snd d) = 1%nat) -> length f = length (samples p) -> dot (rv ZR (fst v)) f <= 0 ->
  Q2R rho <= Q2R (factor p) * sum (fun e => value_of_log (loss_of p) [snd e] (qv (snd (fst e)))) (combine (samples p) f).
Proof.
  destruct v as [g [q vss]]. unfold gain_log. cbn [fst snd]. intros H LY LF HG. apply andb_prop in H. destruct H as [H H4]. apply andb_prop in H. destruct H as [H H3]. apply andb_prop in H. destruct H as [H1 H2].
  apply (ltb_ok QR) in H1. cbn [toR QR] in H1. rewrite real_zero in H1. apply Nat.eqb_eq in H2.
  assert (HC : 0 <= Q2R (factor p)).
  { assert (X := H4). unfold entropy_at_least in X. apply andb_prop in X. destruct X as [X _]. apply andb_prop in X. destruct X as [X _]. apply andb_prop in X. destruct X as [X _]. apply Qle_bool_iff, Qle_Rle in X. rewrite real_zero in X. exact X. }
  apply entropy_at_least_ok in H4. apply Rle_trans with (1 := H4). apply Rmult_le_compat_l; auto. rewrite forallb_forall in H3.
  assert (G : sum (fun q0 => real_entropy p (qv q0)) (dual_of p g q) - / Q2R q * dot (rv ZR g) f <= sum (fun e => value_of_log (loss_of p) [snd e] (qv (snd (fst e)))) (combine (samples p) f)).
  { unfold dual_of in *. clear H4 HG. revert g f H2 LF LY H3. induction (samples p) as [|d D IH]; intros [|z g] [|a f] L1 L2 LY H3; try discriminate; [simpl; lra|].
    assert (I := IH g f (eq_add_S _ _ L1) (eq_add_S _ _ L2) (fun d0 Hd => LY d0 (or_intror Hd)) (fun x Hx => H3 x (or_intror Hx))).
    assert (C := H3 _ (or_introl eq_refl)). cbn [hd fst snd] in C. assert (Y := LY d (or_introl eq_refl)). assert (ED : exists y, snd d = [y]) by (destruct (snd d) as [|y [|]]; try discriminate Y; exists y; auto).
    destruct ED as (y & ED). assert (EY : qv (snd d) = [Q2R y]) by exact (f_equal (map Q2R) ED). assert (EH : hd 0%Q (snd d) = y) by exact (f_equal (hd 0%Q) ED). rewrite EH in C.
    set (x := (y - (z * Zpos (Qden q) # Z.to_pos (Qnum q)))%Q) in *. assert (T := young (loss_of p) x a (Q2R y) C). rewrite <- EY in T.
    assert (E : Q2R x - Q2R y = - (IZR z * / Q2R q)).
    { unfold x. rewrite Q2R_minus, quotient_ok by exact H1. ring. }
    rewrite E in T. change (rv ZR (z :: g)) with (IZR z :: rv ZR g). cbn [combine map sum fst snd dot]. rewrite EH. fold x. change (real_entropy p (qv [x])) with (real_entropy_of (loss_of p) [Q2R x]).
    eapply Rle_trans; [|apply Rplus_le_compat; [exact T|exact I]]. right. ring. }
  assert (0 <= / Q2R q * - dot (rv ZR g) f) by (apply Rmult_le_pos; [apply Rlt_le, Rinv_0_lt_compat; auto|lra]). lra.
Qed.
(* the tree of a bound, as for the other losses; each vector with its scale and numbers above its logarithms *)
Definition check_log_tree (p : problem_of log_loss) (width : nat) (s : Z * Z * Z) (homog : bool) (extra : list (list Z)) (units : nat) (G : list (list Z * (Q * list (list Q)))) (tree : list Z) (rho : Q) : bool :=
  match layers p, s with
  | [(bo, a); (bh, h)], (L, al, be) => is_identity a && forallb (fun d => (length (snd d) =? 1)%nat) (samples p) &&
      check_tree_Q L al be h homog bh bo (samples p) (map fst G) extra tree units width ((if bh then 1 else 0) + n_in p) && forallb (gain_log p rho) G
  | _, _ => false
  end.
Theorem check_log_tree_ok p width s homog extra units G tree rho : check_log_tree p width s homog extra units G tree rho = true -> log_lower_bound p width rho.
Proof.
  unfold check_log_tree, log_lower_bound, bounded_below. intros H. destruct (layers p) as [|[bo a] [|[bh h] [|]]] eqn:EN; try discriminate. destruct s as [[L al] be].
  apply andb_prop in H. destruct H as [H H4]. apply andb_prop in H. destruct H as [H H3]. apply andb_prop in H. destruct H as [H1 H2]. apply is_identity_ok in H1. subst a. rewrite forallb_forall in H2, H4.
  exists bo, bh, h. split; auto. intros out W LO LW LR. destruct (check_tree_Q_ok _ _ _ _ _ _ _ _ _ _ _ _ _ _ H3 out W LO LW LR) as (g & Hg & Lg & PG).
  apply in_map_iff in Hg. destruct Hg as (v & <- & Hv). specialize (H4 v Hv).
  set (f := fun x => hd 0 (net (rN QR [(bo, act_out Qops); (bh, h)]) [[out]; W] x)).
  assert (NF : forall x, net (rN QR [(bo, act_out Qops); (bh, h)]) [[out]; W] x = [f x]) by reflexivity.
  assert (LD : forall d, In d (samples p) -> length (snd d) = 1%nat) by (intros d Hd; apply Nat.eqb_eq, H2, Hd).
  apply (gain_log_ok p rho v (map (fun d => f (qv (fst d))) (samples p)) H4 LD) in PG; [|rewrite map_length; auto].
  apply Rle_trans with (1 := PG). right. rewrite log_risk_sum, EN. f_equal. unfold rD. rewrite sum_map. cbn [fst snd].
  clear - NF. induction (samples p) as [|d D IH]; [reflexivity|]. cbn [map combine sum fst snd]. rewrite IH, NF. reflexivity.
Qed.
End Places.
