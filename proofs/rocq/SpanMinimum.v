(* The local minima of Theorem 1, whether or not they are spurious: a path of points that predict what a best affine map predicts.
   Of cross-entropy, whose predictions may gain a constant, the last output is 0: hidden layers need no more units than outputs. *)
Require Import Reals List Lra Lia Arith Bool.
From Symverify Require Import Spec Losses Theorem1 InteriorMinimum LinearAlgebra Activation Construction Theorem1Proof AttainedMinimum Theorem1Losses.
Import ListNotations.
Open Scope R_scope.

Definition least_affine (L : convex_loss) (m d : nat) D A : Prop := sized m d A /\ forall B, sized m d B -> affine_total L D A <= affine_total L D B.
Lemma minimum_at_fit (L : convex_loss) c d m N D P th A : 0 <= c -> (forall s, In s D -> length (fst s) = d /\ length (snd s) = m) -> differentiable L m ->
  least_affine L m d D A -> (forall s, In s D -> net N th (fst s) = affine_map A (fst s) /\ inside N P th (fst s)) -> local_min (risk_of (value L) c N D) th.
Proof.
  intros Hc HD DL [SA BA] NET. assert (NX := stationary L d m D A DL HD SA BA).
  replace D with (map fst (map (fun s : list R * list R => (s, P)) D)) by (rewrite map_map; apply map_id).
  apply (interior_minimum L) with m; [auto| |].
  - intros qq Hq. apply in_map_iff in Hq. destruct Hq as (s' & <- & Hin). cbn [fst snd]. destruct (NET s' Hin) as [E I]. split; [exact I|].
    split; [apply HD; auto|]. rewrite E, affine_map_length. apply SA.
  - intros k Hk. rewrite map_map. unfold residual. cbn [fst snd].
    assert (W0 : forall s', In s' D -> nth k (slope L (net N th (fst s')) (snd s')) 0 = nth k (slope L (affine_map A (fst s')) (snd s')) 0) by (intros s' Hin; rewrite (proj1 (NET s' Hin)); reflexivity).
    apply (kill_uniform _ P).
    + intros qq Hq. apply in_map_iff in Hq. destruct Hq as (s' & <- & Hin). reflexivity.
    + rewrite sum_map. etransitivity; [|apply (NX k Hk 0%nat)]. apply sum_ext. intros s' Hin. unfold swt. cbn [fst snd nth]. rewrite W0 by auto. ring.
    + intros j. rewrite sum_map. etransitivity; [|apply (NX k Hk (S j))]. apply sum_ext. intros s' Hin. unfold swt, sx. cbn [fst snd nth]. rewrite W0 by auto. ring.
Qed.

(* a path over all real numbers, of local minima with the predictions of A *)
Definition minima_along (L : convex_loss) c N D (m : nat) (hidden : list nat) (d : nat) (path : R -> params R) A : Prop :=
  (forall x, shaped (m :: hidden ++ [d]) (path x) /\ local_min (risk_of (value L) c N D) (path x) /\ forall s, In s D -> net N (path x) (fst s) = affine_map A (fst s)) /\
  injective path /\ continuous_path path /\ unbounded_path path.
(* hidden layers: not constant, with at least n units and one more *)
Definition carrying_layers (n : nat) (HL : list (act R * nat)) (h : act R) (H : nat) : Prop :=
  continuous_act h /\ ~ constant_act h /\ (n < H)%nat /\ forall hw, In hw HL -> continuous_act (fst hw) /\ ~ constant_act (fst hw) /\ (n < snd hw)%nat.
Theorem minima_wide L c d m h H HL D A : 0 <= c -> (forall s, In s D -> length (fst s) = d /\ length (snd s) = m) -> differentiable L m -> least_affine L m d D A ->
  carrying_layers m HL h H -> (0 < m)%nat -> exists path, minima_along L c (network HL h) D m (map snd HL ++ [H]) d path A.
Proof.
  intros Hc HD DL BA (Ch & Nh & Hm & HO) M. destruct (proj1 BA) as [LA RA].
  destruct (construction d m h H HL D A 0 0 (repeat 0 d) (okpiece_exists h Ch Nh) Hm HO LA RA M (repeat_length _ _)) as (P & path & _ & S1 & _ & NET & _ & INJ & CONT & FAR).
  exists path. split; [|auto]. intros x. split; [rewrite <- app_assoc; apply S1|]. split; [|intros s Hs; apply (NET x s Hs)].
  apply (minimum_at_fit L c d m _ D P _ A); auto.
Qed.

(* ---- one output less ---- *)
(* another output, which is 0 *)
Definition with_zero (w : nat) (th : params R) : params R := match th with W :: th' => (W ++ [repeat 0 (S w)]) :: th' | [] => [] end.
Lemma with_zero_net HL h w W th x : net (network HL h) (with_zero w (W :: th)) x = net (network HL h) (W :: th) x ++ [0].
Proof.
  cbn [network with_zero net]. unfold layer. rewrite map_app. f_equal. cbn [map fst snd]. rewrite dot_rep0. unfold ev, identity. simpl. f_equal. ring.
Qed.
Lemma first_of_shape n w ws (th : params R) : shaped (n :: w :: ws) th -> exists W th', th = W :: th' /\ length W = n /\ (forall row, In row W -> length row = S w) /\ shaped (w :: ws) th'.
Proof. destruct th as [|W th']; cbn [shaped]; [intros []|]. intros H. exists W, th'. tauto. Qed.
Lemma close_cons e W th W' th' : close e (W :: th) (W' :: th') -> close2 e W W' /\ close e th th'.
Proof. intros H. inversion H. auto. Qed.
Theorem minima_gauge c d n h H HL D A : 0 <= c -> (forall s, In s D -> length (fst s) = d /\ length (snd s) = S n) -> class_labels (S n) D -> least_affine cross_entropy (S n) d D A ->
  carrying_layers n HL h H -> (0 < n)%nat -> exists path B, least_affine cross_entropy (S n) d D B /\ minima_along cross_entropy c (network HL h) D (S n) (map snd HL ++ [H]) d path B.
Proof.
  intros Hc HD CL [[LA RA] BA] (Ch & Nh & Hm & HO) M.
  set (g := nth n A []). assert (Hg : In g A) by (apply nth_In; lia).
  set (B0 := firstn n (map (fun row => vadd row (map Ropp g)) A)). set (B := B0 ++ [repeat 0 (S d)]).
  assert (L0 : length B0 = n) by (unfold B0; rewrite firstn_length, map_length; lia).
  assert (R0 : forall row, In row B0 -> length row = S d).
  { intros row Hr. apply firstn_In in Hr || (unfold B0 in Hr; rewrite firstn_map in Hr; apply in_map_iff in Hr; destruct Hr as (row0 & <- & Hr0)).
    assert (I : In row0 A) by (rewrite <- (firstn_skipn n A); apply in_or_app; left; exact Hr0). rewrite vadd_length; rewrite ?map_length, ?(RA row0 I), ?(RA g Hg); auto. }
  assert (SB : sized (S n) d B) by (split; [unfold B; rewrite app_length, L0; simpl; lia|intros row Hr; apply in_app_or in Hr; destruct Hr as [Hr|[<-|[]]]; [auto|apply repeat_length]]).
  assert (DR : forall row x, dot (vadd row (map Ropp g)) x = dot row x - dot g x).
  { intros row x. rewrite dot_vadd. replace (map Ropp g) with (map (Rmult (-1)) g) by (apply map_ext; intros; ring). rewrite dot_scale. ring. }
  assert (PB : forall x, affine_map B x = map (fun a => a - dot g (1 :: x)) (affine_map A x)).
  { intros x. unfold affine_map, B. rewrite map_app, map_map. cbn [map]. rewrite dot_rep0.
    assert (E : A = firstn n A ++ [g]).
    { rewrite <- (firstn_skipn n A) at 1. f_equal. unfold g. clear - LA. revert n LA. induction A as [|a A0 IH]; intros [|n] LA; try discriminate; simpl in *; [destruct A0; [auto|discriminate]|apply IH; lia]. }
    rewrite E at 1. rewrite map_app. cbn [map]. f_equal; [|f_equal; ring]. unfold B0. rewrite firstn_map, map_map. apply map_ext. intros row. apply DR. }
  assert (SAME : affine_total cross_entropy D B = affine_total cross_entropy D A).
  { unfold affine_total. apply sum_ext. intros s Hs. rewrite PB. apply cross_entropy_gauge; [destruct A; [discriminate|discriminate]|]. rewrite affine_map_length, LA. apply CL. auto. }
  assert (BB : least_affine cross_entropy (S n) d D B) by (split; [exact SB|intros C SC; rewrite SAME; apply BA; auto]).
  destruct (construction d n h H HL D B0 0 0 (repeat 0 d) (okpiece_exists h Ch Nh) Hm HO L0 R0 M (repeat_length _ _)) as (P & path & _ & S1 & _ & NET & _ & INJ & CONT & FAR).
  set (w := prev HL H). assert (WS : exists ws, map snd HL ++ [H; d] = w :: ws) by (unfold w; destruct HL as [|[a b] HL']; [exists [d]; reflexivity|exists (map snd HL' ++ [H; d]); reflexivity]).
  destruct WS as (ws & EW). assert (FS : forall x, exists W th', path x = W :: th' /\ length W = n /\ (forall row, In row W -> length row = S w) /\ shaped (w :: ws) th').
  { intros x. apply first_of_shape. rewrite <- EW. apply S1. }
  exists (fun x => with_zero w (path x)), B. split; [exact BB|]. split; [|split; [|split]].
  - intros x. destruct (FS x) as (W & th' & E & L1 & L2 & L3).
    assert (N' : forall s, In s D -> net (network HL h) (with_zero w (path x)) (fst s) = affine_map B (fst s) /\ inside (network HL h) (repeat (1, 0) (S n) :: tl P) (with_zero w (path x)) (fst s)).
    { intros s Hs. destruct (NET x s Hs) as [E1 I1]. rewrite E in *. split.
      - rewrite with_zero_net, E1. unfold B, affine_map. rewrite map_app. cbn [map]. rewrite dot_rep0. reflexivity.
      - unfold network, with_zero. cbn [inside hd tl]. unfold network in I1. cbn [inside] in I1. split; [left|apply I1].
        apply inside_units_all; [|rewrite app_length, L1; simpl; lia]. intros row _. exists 1. split; [lra|]. intros z' _. unfold ev, identity. simpl. ring. }
    split; [|split; [apply (minimum_at_fit cross_entropy c d (S n) _ D (repeat (1, 0) (S n) :: tl P) _ B); auto; apply cross_entropy_differentiable|intros s Hs; apply (N' s Hs)]].
    rewrite <- app_assoc. cbn [app]. rewrite EW, E. cbn [with_zero shaped]. split; [rewrite app_length, L1; simpl; lia|]. split; [|exact L3].
    intros row Hr. apply in_app_or in Hr. destruct Hr as [Hr|[<-|[]]]; [auto|apply repeat_length].
  - intros x x' E. apply INJ. destruct (FS x) as (W & th & E1 & _). destruct (FS x') as (W' & th' & E2 & _). rewrite E1, E2 in E |- *. cbn [with_zero] in E. injection E as E3 E4.
    apply app_inj_tail in E3. destruct E3 as [-> _]. rewrite E4. reflexivity.
  - intros x e He. destruct (CONT x e He) as (de & Hde & C). exists de. split; auto. intros x' Hx. specialize (C x' Hx). destruct (FS x) as (W & th & E1 & _). destruct (FS x') as (W' & th' & E2 & _).
    rewrite E1, E2 in C |- *. cbn [with_zero]. apply close_cons in C. destruct C as [C1 C2]. constructor; [|exact C2]. apply Forall2_app; [exact C1|]. constructor; [apply close1_refl; auto|constructor].
  - intros bound. destruct (FAR bound) as (x & Hx & layer & row & a & I1 & I2 & I3 & I4). exists x. split; auto. destruct (FS x) as (W & th & E1 & _). rewrite E1 in I1 |- *. cbn [with_zero].
    destruct I1 as [<-|I1]; [exists (W ++ [repeat 0 (S w)]), row, a; split; [left; reflexivity|]; split; [apply in_or_app; left; auto|auto]|exists layer, row, a; split; [right; exact I1|auto]].
Qed.
