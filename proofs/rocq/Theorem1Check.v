(* Theorem 1 for a problem with rational data and a loss with logarithms: whether its assumptions hold is decided with
   rational numbers alone, from probabilities with the labels' moments. Neither the best affine map nor a risk is computed. *)
Require Import Reals ZArith QArith Qreals List Lra Lia Arith Bool.
From Symverify Require Import Spec Losses Theorem1 InteriorMinimum LinearAlgebra AttainedMinimum Theorem1Losses Numbers InteriorCheck TreeBound FunctionBound Gain Statements.
Import ListNotations.
Open Scope R_scope.
Notation qv := (rv QR).

(* ---- the hidden layers: continuous, not affine at three points, not constant at two, wide ---- *)
Fixpoint check_pieces (ps : list (Q * Q * Q)) (last : Q * Q) : bool :=
  match ps with
  | [] => true
  | (t, s, o) :: ps' =>
      match ps' with
      | [] => eqb Qops (add Qops (mul Qops s t) o) (add Qops (mul Qops (fst last) t) (snd last))
      | (t', s', o') :: _ => ltb Qops t t' && eqb Qops (add Qops (mul Qops s t) o) (add Qops (mul Qops s' t) o')
      end && check_pieces ps' last
  end.
Definition bends (h : act Q) (z : Q * Q * Q) : bool :=
  let '(a, b, c) := z in let e := evT Qops h in
  negb (Qeq_bool ((e b - e a) * (c - b)) ((e c - e b) * (b - a))).
Definition varies (h : act Q) (z : Q * Q * Q) : bool := negb (Qeq_bool (evT Qops h (fst (fst z))) (evT Qops h (snd (fst z)))).
(* points: for each layer three numbers that show that it is not affine, or two that it is not constant *)
Fixpoint check_hidden (m : nat) (Ls : list (bool * act Q)) (widths : list nat) (points : list (Q * Q * Q)) : bool :=
  match Ls, widths, points with
  | (b, h) :: Ls', w :: ws', z :: zs' => b && check_pieces (fst h) (snd h) && (m <? w)%nat &&
      match Ls' with [] => bends h z && (length ws' =? 0)%nat | _ => varies h z && check_hidden m Ls' ws' zs' end
  | _, _, _ => false
  end.
Lemma check_pieces_ok : forall ps last, check_pieces ps last = true -> continuous_act (ra QR (ps, last)).
Proof.
  intros ps last. unfold continuous_act, ra. cbn [fst snd]. induction ps as [|[[t s] o] ps IH]; intros H; [exact I|]. apply andb_prop in H. destruct H as [H1 H2].
  destruct ps as [|[[t' s'] o'] ps].
  - split; [|exact I]. apply (eqb_ok QR) in H1. rewrite !(toR_add QR), !(toR_mul QR) in H1. exact H1.
  - specialize (IH H2). cbn [map fst snd continuous_pieces] in IH |- *. apply andb_prop in H1. destruct H1 as [H1 H3]. apply (ltb_ok QR) in H1. apply (eqb_ok QR) in H3.
    rewrite !(toR_add QR), !(toR_mul QR) in H3. split; [split; [exact H1|exact H3]|exact IH].
Qed.
Lemma unequal a b : negb (Qeq_bool a b) = true -> Q2R a <> Q2R b.
Proof. intros H E. apply eqR_Qeq, Qeq_bool_iff in E. rewrite E in H. discriminate. Qed.
Lemma bends_ok h z : bends h z = true -> ~ affine_act (ra QR h).
Proof.
  destruct z as [[a b] c]. intros H (s & o & A). apply unequal in H. apply H. rewrite !Q2R_mult, !Q2R_minus.
  assert (E : forall z, Q2R (evT Qops h z) = s * Q2R z + o) by (intros z; rewrite <- A; apply (evT_ok Qops QR)). rewrite !E. ring.
Qed.
Lemma varies_ok h z : varies h z = true -> ~ constant_act (ra QR h).
Proof.
  intros H (o & A). apply unequal in H. apply H. assert (E : forall z, Q2R (evT Qops h z) = o) by (intros q; rewrite <- (A (Q2R q)); apply (evT_ok Qops QR)). rewrite !E. auto.
Qed.
Lemma check_hidden_ok m : forall Ls ws zs, check_hidden m Ls ws zs = true ->
  exists HL h H, rN QR Ls = lay HL ++ [(true, h)] /\ ws = map snd HL ++ [H] /\ wide_layers m HL h H.
Proof.
  induction Ls as [|[b h] Ls IH]; intros [|w ws] [|z zs] C; try discriminate. cbn [check_hidden] in C.
  apply andb_prop in C. destruct C as [C C4]. apply andb_prop in C. destruct C as [C C3]. apply andb_prop in C. destruct C as [C1 C2].
  destruct b; [|discriminate]. apply Nat.ltb_lt in C3. assert (CH : continuous_act (ra QR h)) by (destruct h; apply check_pieces_ok; auto).
  destruct Ls as [|L Ls].
  - apply andb_prop in C4. destruct C4 as [C4 C5]. apply Nat.eqb_eq in C5. destruct ws; [|discriminate].
    exists [], (ra QR h), w. split; [reflexivity|]. split; [reflexivity|]. split; [auto|]. split; [eapply bends_ok; eauto|]. split; [auto|intros ? []].
  - apply andb_prop in C4. destruct C4 as [C4 C5]. destruct (IH ws zs C5) as (HL & h0 & H & E1 & E2 & W1 & W2 & W3 & W4).
    exists ((ra QR h, w) :: HL), h0, H. split; [change (rN QR ((true, h) :: L :: Ls)) with ((true, ra QR h) :: rN QR (L :: Ls)); rewrite E1; reflexivity|].
    split; [rewrite E2; reflexivity|]. split; [auto|]. split; [auto|]. split; [auto|]. intros hw [<-|Hin]; [|auto]. split; [auto|]. split; [eapply varies_ok; eauto|auto].
Qed.

(* ---- the data: sizes, no input twice ---- *)
Fixpoint distinct (xs : list (list Q)) : bool := match xs with [] => true | x :: xs' => forallb (fun x' => negb (sameT Qops x x')) xs' && distinct xs' end.
Definition check_sizes (d m : nat) (D : list (list Q * list Q)) : bool := forallb (fun s => (length (fst s) =? d)%nat && (length (snd s) =? m)%nat) D.
Lemma distinct_ok : forall xs, distinct xs = true -> NoDup (map qv xs).
Proof.
  induction xs as [|x xs IH]; intros H; [constructor|]. apply andb_prop in H. destruct H as [H1 H2]. constructor; [|apply IH; auto]. intros Hin. apply in_map_iff in Hin.
  destruct Hin as (x' & E & Hx). rewrite forallb_forall in H1. specialize (H1 x' Hx). symmetry in E. apply (sameT_iff Qops QR) in E. rewrite E in H1. discriminate.
Qed.
Lemma data_ok d m D : check_sizes d m D = true -> distinct (map fst D) = true -> distinct_data d m (rD QR D).
Proof.
  intros H1 H2. split.
  - intros s Hs. apply in_map_iff in Hs. destruct Hs as (s' & <- & Hs). unfold check_sizes in H1. rewrite forallb_forall in H1. specialize (H1 s' Hs). apply andb_prop in H1. destruct H1 as [L1 L2].
    apply Nat.eqb_eq in L1, L2. cbn [fst snd]. unfold rv. rewrite !map_length. auto.
  - apply distinct_ok in H2. unfold rD. rewrite map_map in *. exact H2.
Qed.

(* ---- probabilities, one vector for each sample ---- *)
Definition check_moments (d m : nat) (D : list (list Q * list Q)) (P : list (list Q)) : bool :=
  forallb (fun k => forallb (fun j => eqb Qops (sumT Qops (fun sp => mul Qops (sub Qops (nth k (snd sp) 0%Q) (nth k (snd (fst sp)) 0%Q)) (nth j (1%Q :: fst (fst sp)) 0%Q)) (combine D P)) 0%Q)
    (seq 0 (S d))) (seq 0 m).
Definition sums_to_1 (u : list Q) : bool := eqb Qops (sumT Qops (fun a => a) u) 1%Q.
Definition inside_0_1 (a : Q) : bool := ltb Qops 0%Q a && ltb Qops a 1%Q.
Definition check_logistic (P : list (list Q)) : bool := forallb (forallb inside_0_1) P.
Definition check_softmax (m : nat) (D : list (list Q * list Q)) (P : list (list Q)) : bool :=
  (1 <? m)%nat && forallb (fun p => forallb (ltb Qops 0%Q) p && sums_to_1 p) P && forallb (fun s => sums_to_1 (snd s)) D.
(* a label that no map predicts *)
Definition some_hard (D : list (list Q * list Q)) : bool := existsb (fun s => existsb (fun a => negb (inside_0_1 a)) (snd s)) D.

Lemma sample_eq_dec (s s' : list R * list R) : {s = s'} + {s <> s'}.
Proof. decide equality; apply list_eq_dec, Req_EM_T. Qed.
Definition agreeing {A B} (D : list A) (P : list B) : Prop := forall s q q', In (s, q) (combine D P) -> In (s, q') (combine D P) -> q = q'.
Lemma distinct_agreeing {A B} (D : list A) (P : list B) : NoDup D -> agreeing D P.
Proof.
  unfold agreeing. revert P. induction D as [|s0 D IH]; intros [|q0 P] ND s q q' H H'; try (destruct H; fail). inversion ND as [|x y Ni ND']; subst. simpl in H, H'.
  destruct H as [H|H], H' as [H'|H'].
  - congruence.
  - injection H as -> ->. destruct Ni. eapply in_combine_l; eauto.
  - injection H' as -> ->. destruct Ni. eapply in_combine_l; eauto.
  - eapply IH; eauto.
Qed.
Lemma as_function {B} : forall (D : list (list R * list R)) (P : list B), agreeing D P -> length D = length P -> P <> [] -> exists p, map p D = P.
Proof.
  induction D as [|s D IH]; intros P ND L N; [destruct P; [congruence|discriminate]|]. destruct P as [|b P]; [discriminate|]. simpl in L.
  destruct P as [|b' P].
  - destruct D; [|discriminate]. exists (fun _ => b). reflexivity.
  - destruct (IH (b' :: P)) as (p & E); [intros s' q q' H H'; apply (ND s'); right; auto|lia|discriminate|]. exists (fun x => if sample_eq_dec x s then b else p x). simpl. destruct (sample_eq_dec s s); [|congruence]. f_equal. rewrite <- E.
    apply map_ext_in. intros x Hx. destruct (sample_eq_dec x s) as [->|]; [|auto]. apply (ND s); [left; auto|right]. rewrite <- E. clear - Hx. induction D as [|y D IH]; [destruct Hx|]. destruct Hx as [<-|Hx]; [left; auto|right; auto].
Qed.
Lemma combine_map_self {A B} (p : A -> B) D : combine D (map p D) = map (fun s => (s, p s)) D.
Proof. induction D as [|s D IH]; simpl; [auto|]. rewrite IH. auto. Qed.
Lemma combine_real : forall D P, combine (rD QR D) (map qv P) = map (fun sp => ((qv (fst (fst sp)), qv (snd (fst sp))), qv (snd sp))) (combine D P).
Proof. induction D as [|s D IH]; intros [|q P]; simpl; auto. rewrite IH. auto. Qed.
Lemma real_one : Q2R 1 = 1.
Proof. unfold Q2R. simpl. lra. Qed.
Lemma nth_qv k u : nth k (qv u) 0 = Q2R (nth k u 0%Q).
Proof. rewrite <- real_zero. exact (map_nth Q2R u 0%Q k). Qed.
Lemma sums_to_1_ok u m : length u = m -> sums_to_1 u = true -> dot (qv u) (repeat 1 m) = 1.
Proof.
  intros <- H. apply (eqb_ok QR) in H. rewrite sumT_ok in H. cbn [toR QR] in H. rewrite real_one in H. etransitivity; [|exact H]. clear. induction u as [|a u IH]; [reflexivity|]. exact (f_equal2 Rplus (Rmult_1_r (Q2R a)) IH).
Qed.
Lemma inside_ok a : inside_0_1 a = true -> 0 < Q2R a < 1.
Proof. intros H. apply andb_prop in H. destruct H as [H1 H2]. apply (ltb_ok QR) in H1, H2. cbn [toR QR] in *. rewrite real_zero in H1. rewrite real_one in H2. auto. Qed.
Lemma outside_ok a : negb (inside_0_1 a) = true -> ~ 0 < Q2R a < 1.
Proof.
  intros H [H1 H2]. apply negb_true_iff in H. unfold inside_0_1, ltb in H. apply andb_false_iff in H.
  destruct H as [H|H]; apply negb_false_iff in H; apply (leb_ok QR) in H; cbn [toR QR] in H; [rewrite real_zero in H|rewrite real_one in H]; lra.
Qed.
Lemma hard_ok D : some_hard D = true -> exists s a, In s (rD QR D) /\ In a (snd s) /\ ~ 0 < a < 1.
Proof.
  intros H. apply existsb_exists in H. destruct H as (s & Hs & H). apply existsb_exists in H. destruct H as (a & Ha & H). apply outside_ok in H.
  exists (qv (fst s), qv (snd s)), (Q2R a). split; [apply (in_map (fun d => (qv (fst d), qv (snd d)))); auto|]. split; [apply (in_map Q2R); auto|auto].
Qed.
(* the probabilities as a function of the sample *)
Lemma moments_ok d m D P : (forall s, In s (rD QR D) -> length (fst s) = d /\ length (snd s) = m) -> agreeing (rD QR D) (map qv P) -> length P = length D -> forallb (fun q => (length q =? m)%nat) P = true -> check_moments d m D P = true ->
  exists p, same_moments m (rD QR D) p /\ (forall s, In s (rD QR D) -> exists q, In q P /\ p s = qv q /\ length (p s) = m) /\ map p (rD QR D) = map qv P.
Proof.
  intros HD ND LP SP CM. destruct P as [|q0 P].
  { destruct D; [|discriminate]. exists (fun _ => []). split; [intros k j _; reflexivity|split; [intros s []|reflexivity]]. }
  destruct (as_function (rD QR D) (map qv (q0 :: P))) as (p & E); [exact ND|unfold rD; rewrite !map_length; auto|discriminate|].
  assert (C : map (fun s => (s, p s)) (rD QR D) = map (fun sp => ((qv (fst (fst sp)), qv (snd (fst sp))), qv (snd sp))) (combine D (q0 :: P))).
  { rewrite <- combine_map_self, E. apply combine_real. }
  exists p. split; [|split; [|exact E]].
  - intros k j Hk. destruct (le_lt_dec (S d) j) as [J|J].
    { apply sum_0. intros s Hs. rewrite (nth_overflow (1 :: fst s)); [ring|]. simpl. destruct (HD s Hs) as [-> _]. lia. }
    unfold check_moments in CM. rewrite forallb_forall in CM. specialize (CM k ltac:(apply in_seq; lia)). rewrite forallb_forall in CM. specialize (CM j ltac:(apply in_seq; lia)).
    apply (eqb_ok QR) in CM. rewrite sumT_ok in CM. cbn [toR QR] in CM. rewrite real_zero in CM.
    transitivity (sum (fun sp => (nth k (snd sp) 0 - nth k (snd (fst sp)) 0) * nth j (1 :: fst (fst sp)) 0) (map (fun s => (s, p s)) (rD QR D))); [rewrite sum_map; reflexivity|].
    rewrite C, sum_map. etransitivity; [|exact CM]. apply sum_ext. intros sp _. cbn [fst snd]. rewrite (toR_mul QR), (toR_sub QR). cbn [toR QR]. rewrite !nth_qv. f_equal.
    destruct j; cbn [nth]; [symmetry; apply real_one|apply nth_qv].
  - intros s Hs. assert (Hin := in_map (fun s => (s, p s)) _ _ Hs). rewrite C in Hin. apply in_map_iff in Hin. destruct Hin as ([s' q] & E' & Hq). injection E' as E1 E2.
    exists q. assert (Q := in_combine_r _ _ _ _ Hq). split; auto. split; auto. rewrite <- E2. cbn [snd]. unfold rv. rewrite map_length. rewrite forallb_forall in SP. apply Nat.eqb_eq, SP, Q.
Qed.

(* ---- the checker ---- *)
Definition is_identity (a : act Q) : bool :=
  match a with ([], (Qmake (Zpos xH) xH, Qmake Z0 xH)) => true | _ => false end.
Lemma is_identity_ok a : is_identity a = true -> a = act_out Qops.
Proof.
  destruct a as [[|k l] [[n d] [n' d']]]; cbn [is_identity]; [|discriminate]. destruct n as [|[n|n|]|n]; try discriminate. destruct d as [d|d|]; try discriminate.
  destruct n'; try discriminate. destruct d'; try discriminate. reflexivity.
Qed.
Definition check_theorem1 (p : problem_of log_loss) (widths : list nat) (points : list (Q * Q * Q)) (P : list (list Q)) : bool :=
  match layers p with
  | (bo, a) :: Ls =>
      let d := n_in p in let m := n_out p in let D := samples p in
      bo && is_identity a && ltb Qops 0%Q (factor p) && check_hidden m Ls widths points &&
      check_sizes d m D && distinct (map fst D) && (length P =? length D)%nat && forallb (fun q => (length q =? m)%nat) P && check_moments d m D P && some_hard D &&
      match loss_of p with Logistic => check_logistic P | CrossEntropy => check_softmax m D P | Poisson => false end
  | _ => false
  end.
Theorem check_theorem1_ok p widths points P : check_theorem1 p widths points P = true -> valley_at_affine_fit p widths.
Proof.
  unfold check_theorem1, valley_at_affine_fit. destruct p as [N D l c d m]. cbn [layers samples loss_of factor n_in n_out]. destruct N as [|[bo a] Ls]; [discriminate|]. intros H.
  repeat match goal with H : _ && _ = true |- _ => apply andb_prop in H; destruct H end.
  destruct bo; [|discriminate]. assert (EA : real_layers ((true, a) :: Ls) = (true, identity) :: rN QR Ls).
  { change (real_layers ((true, a) :: Ls)) with ((true, ra QR a) :: rN QR Ls). f_equal. f_equal. match goal with H : is_identity a = true |- _ => rewrite (is_identity_ok a H) end.
    unfold ra, identity. simpl. rewrite real_one, real_zero. reflexivity. }
  match goal with H : check_hidden _ _ _ _ = true |- _ => destruct (check_hidden_ok _ _ _ _ H) as (HL & h & H0' & E1 & E2 & HW) end.
  assert (DD : distinct_data d m (rD QR D)) by (apply data_ok; auto).
  match goal with H : (length P =? length D)%nat = true |- _ => apply Nat.eqb_eq in H; rename H into LP end.
  match goal with H : ltb _ _ _ = true |- _ => apply (ltb_ok QR) in H; cbn [toR QR] in H; rewrite real_zero in H; rename H into HC end.
  match goal with H : some_hard D = true |- _ => destruct (hard_ok D H) as (s0 & a0 & Hs0 & Ha0 & Hard) end.
  match goal with H : check_moments _ _ _ _ = true, H' : forallb (fun q => (length q =? m)%nat) P = true |- _ => destruct (moments_ok d m D P (proj1 DD) (distinct_agreeing _ _ (NoDup_map_inv _ _ (proj2 DD))) LP H' H) as (f & MO & HF & _) end.
  rewrite EA, E1, E2. change (real_samples D) with (rD QR D). change ((true, identity) :: lay HL ++ [(true, h)]) with (network HL h).
  destruct (proj1 DD s0 Hs0) as [_ Ly]. destruct (In_nth _ _ 0 Ha0) as (k0 & Hk0 & Ek0). rewrite Ly in Hk0.
  destruct l; [| |discriminate].
  - (* logistic loss *)
    apply (theorem1_logistic (Q2R c) d m h H0' HL (rD QR D)); auto.
    + exists f. split; auto. intros s Hs. destruct (HF s Hs) as (q & Hq & E & L). split; auto. rewrite E. unfold check_logistic in *.
      match goal with H : forallb (forallb inside_0_1) P = true |- _ => rewrite forallb_forall in H; specialize (H q Hq); rewrite forallb_forall in H; rename H into I end.
      split; intros b Hb; [|apply in_map_iff in Hb; destruct Hb as (b' & <- & Hb)]; apply in_map_iff in Hb; destruct Hb as (x & <- & Hx); assert (X := inside_ok x (I x Hx)); cbn [toR QR]; lra.
    + intros A SA. exists s0, k0. split; auto. split; auto. rewrite Ek0. intros E. apply Hard. rewrite <- E. apply sigmoid_inside.
  - (* cross-entropy *)
    unfold check_softmax in *. repeat match goal with H : _ && _ = true |- _ => apply andb_prop in H; destruct H end.
    match goal with H : (1 <? m)%nat = true |- _ => apply Nat.ltb_lt in H; rename H into M1 end.
    apply (theorem1_softmax (Q2R c) d m h H0' HL (rD QR D)); auto.
    + intros s Hs. destruct (proj1 DD s Hs) as [_ Ls']. apply in_map_iff in Hs. destruct Hs as (s' & <- & Hs'). cbn [snd] in *. apply sums_to_1_ok; [unfold rv in Ls'; rewrite map_length in Ls'; auto|].
      match goal with H : forallb (fun s => sums_to_1 (snd s)) D = true |- _ => rewrite forallb_forall in H; apply H; auto end.
    + exists f. split; auto. intros s Hs. destruct (HF s Hs) as (q & Hq & E & L). split; auto. rewrite E in *. unfold rv in L. rewrite map_length in L.
      match goal with H : forallb (fun p => _) P = true |- _ => rewrite forallb_forall in H; specialize (H q Hq); apply andb_prop in H; destruct H as [I1 I2] end.
      split; [|apply sums_to_1_ok; auto]. intros b Hb. apply in_map_iff in Hb. destruct Hb as (x & <- & Hx). rewrite forallb_forall in I1. assert (X := I1 x Hx). apply (ltb_ok QR) in X. cbn [toR QR] in *. rewrite real_zero in X. auto.
    + intros A SA. exists s0. split; auto. intros E. apply Hard. apply (softmax_below_1 (affine_map A (fst s0))); [rewrite affine_map_length; destruct SA as [-> _]; auto|]. rewrite E. auto.
Qed.
